// SPDX-License-Identifier: Apache-2.0
#include "base/input_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <iterator>

#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

TEST(InputFile, ReadsARegularFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("a")) << "text";
  Result<std::ifstream> in = open_input_file(folder.file("a"));
  ASSERT_TRUE(in.ok()) << in.error().message;
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(*in)), {}), "text");
}

// A FIFO would be waited for without an end.
TEST(InputFile, RefusesWhatIsNone) {
  const TemporaryFolder folder;
  const std::string fifo = folder.file("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path : {fifo, folder.path().string(), std::string("/dev/null"), folder.file("missing")}) {
    const Result<std::ifstream> in = open_input_file(path);
    ASSERT_FALSE(in.ok()) << path;
    EXPECT_EQ(in.error().kind, ErrorKind::usage);
    EXPECT_NE(in.error().message.find(path), std::string::npos) << in.error().message;
  }
}

}  // namespace
}  // namespace remapstorm
