// SPDX-License-Identifier: Apache-2.0
#include "results/folder_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "results/folder_mark.h"
#include "results/output_dir.h"
#include "results/work_folder.h"
#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

TEST(FolderLog, NeedsTheMark) {
  const TemporaryFolder folder;
  EXPECT_FALSE(open_log(folder.path()).ok());
  EXPECT_EQ(folder.entries(), 0U);
}

TEST(FolderLog, AloneItKeepsNoFolder) {
  const TemporaryFolder folder;
  for (const bool something : {false, true}) {
    const std::string path = folder.file(something ? "something" : "nothing");
    {
      const Result<WorkFolder> made = WorkFolder::at(path);
      ASSERT_TRUE(made.ok());
      ASSERT_TRUE(open_log(path).ok());
      if (something) std::ofstream(path + "/table") << "1\n";
    }
    EXPECT_EQ(std::filesystem::exists(path + "/" + kLogName), something);
    EXPECT_EQ(std::filesystem::exists(path), something);
  }
}

TEST(FolderLog, ThatOfARunTakesThePlaceOfAnEarlierOne) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out");
  for (const char* text : {"first", "second"}) {
    Result<OutputDirectory> output = OutputDirectory::at(path);
    ASSERT_TRUE(output.ok());
    const Result<Fd> log = open_log(output->working_path());
    ASSERT_TRUE(log.ok());
    ASSERT_GT(::write(log->get(), text, 5), 0);
    ASSERT_TRUE(output->finish().ok());
    ASSERT_GT(::write(log->get(), "+", 1), 0) << "it goes on where the folder went";
  }
  std::string text;
  std::ifstream(path + "/" + kLogName) >> text;
  EXPECT_EQ(text, "secon+");
}

}  // namespace
}  // namespace remapstorm
