// SPDX-License-Identifier: Apache-2.0
#include "cli/report_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "results/exit_code.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

int write_both(FakeContext& fake, const ReportFiles& files) {
  return write_report_files(
      fake.context, files, [] { return std::string("<xml/>"); }, [] { return std::string("{}"); });
}

TEST(ReportFiles, AreWrittenIfAskedFor) {
  const TemporaryFolder folder;
  FakeContext fake;
  EXPECT_EQ(write_both(fake, {}), kExitOk);
  const ReportFiles files{folder.file("out.xml"), folder.file("out.json")};
  ASSERT_TRUE(check_places(files).ok());
  EXPECT_EQ(write_both(fake, files), kExitOk);
  EXPECT_EQ(text_of(files.junit), "<xml/>");
  EXPECT_EQ(text_of(files.json), "{}");
}

// CI servers point such names at places of their own.
TEST(ReportFiles, ALinkStaysALinkAndAPipeAPipe) {
  const TemporaryFolder folder;
  FakeContext fake;
  std::ofstream(folder.file("real.xml")) << "old";
  std::filesystem::create_symlink("real.xml", folder.file("link.xml"));
  EXPECT_EQ(write_both(fake, {folder.file("link.xml"), ""}), kExitOk);
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link.xml")));
  EXPECT_EQ(text_of(folder.file("real.xml")), "<xml/>");
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = text_of(folder.file("pipe")); });
  EXPECT_EQ(write_both(fake, {folder.file("pipe"), ""}), kExitOk);
  reader.join();
  EXPECT_EQ(read, "<xml/>");
}

TEST(ReportFiles, APlaceThatCannotBeIsKnownBefore) {
  const TemporaryFolder folder;
  for (const std::string& place :
       {folder.file("nothing/out.xml"), std::string("/proc/nothing/out.xml"), folder.path().string()}) {
    const Status status = check_places({place, ""});
    ASSERT_FALSE(status.ok()) << place;
    EXPECT_EQ(status.error().kind, ErrorKind::usage) << place;
    EXPECT_NE(status.error().message.find("--junit"), std::string::npos) << status.error().message;
  }
  ReportFilesWords words;
  words.json = "";
  EXPECT_FALSE(check_report_files(words).ok());
}

TEST(ReportFiles, WhatCannotBeWrittenAfterAllIsNoSuccess) {
  const TemporaryFolder folder;
  FakeContext fake;
  EXPECT_NE(write_both(fake, {folder.file("gone/out.xml"), ""}), kExitOk);
  EXPECT_NE(fake.err.str(), "");
}

TEST(ReportFiles, EveryCommandWithVerdictsHasThem) {
  for (const char* command : {"run", "sweep", "soak", "explore", "replay", "compare", "minimize", "serve"}) {
    FakeContext fake;
    EXPECT_EQ(dispatch(fake.context, {command, "--help"}), kExitOk);
    for (const char* option : {"--junit FILE", "--json FILE"}) {
      EXPECT_NE(fake.out.str().find(option), std::string::npos) << command << ": " << option;
    }
  }
}

}  // namespace
}  // namespace remapstorm
