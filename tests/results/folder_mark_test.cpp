// SPDX-License-Identifier: Apache-2.0
#include "results/folder_mark.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << content;
}

class Marked : public ::testing::Test {
 protected:
  // A folder of ours with a file of a person in it.
  void SetUp() override {
    put(folder_.path() / "out/results.json", "first");
    put(folder_.path() / "out/irq/inplace/trial-0/events.jsonl", "first");
    ASSERT_TRUE(mark_folder(out(), files_below(out())).ok());
    put(folder_.path() / "out/irq/inplace/notes.txt", "mine");
    put(folder_.path() / "out/mine.txt", "mine");
  }
  [[nodiscard]] std::string out() const { return folder_.file("out"); }

  TemporaryFolder folder_;
};

TEST(FolderMark, AFolderIsOursByItsMarkAlone) {
  const TemporaryFolder folder;
  EXPECT_TRUE(check_folder(folder.file("missing"), "x").ok());
  EXPECT_TRUE(check_folder(folder.path(), "x").ok()) << "empty";
  put(folder.path() / "report/source.cpp", "int main;");
  const Status refused = check_folder(folder.path(), "--output-dir .");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().message.find("--output-dir ."), std::string::npos) << refused.error().message;
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_EQ(folder.entries(), 1U) << "nothing is changed";
  ASSERT_TRUE(mark_folder(folder.path(), {}).ok());
  EXPECT_TRUE(check_folder(folder.path(), "x").ok());
}

TEST(FolderMark, AFileOfItsNameIsNoMark) {
  for (const char* text : {"", "mine\n", "remapstorm\n"}) {
    const TemporaryFolder folder;
    put(folder.path() / kMarkName, text);
    EXPECT_FALSE(is_marked(folder.path()));
    EXPECT_FALSE(check_folder(folder.path(), "x").ok());
    EXPECT_FALSE(remove_marked(folder.path()).ok());
    EXPECT_FALSE(remove_below(folder.path(), kMarkName).ok());
    EXPECT_EQ(read_text(folder.path() / kMarkName), text);
  }
}

TEST(FolderMark, ResultsWithoutOneAreToldApart) {
  const TemporaryFolder folder;
  put(folder.path() / "results.json", R"({"schema":1,"results":[]})");
  const Status refused = check_folder(folder.path(), "--output-dir x");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().hint.find("earlier version"), std::string::npos) << refused.error().hint;
}

TEST_F(Marked, OnlyWhatTheMarkListsIsRemoved) {
  ASSERT_TRUE(remove_marked(out()).ok());
  EXPECT_EQ(files_below(out()), (std::vector<std::string>{"irq/inplace/notes.txt", "mine.txt"}));
  EXPECT_FALSE(is_marked(out()));
  fs::remove_all(out());
  put(folder_.path() / "out/a/b", "x");
  ASSERT_TRUE(mark_folder(out(), {"a/b"}).ok());
  ASSERT_TRUE(remove_marked(out()).ok());
  EXPECT_FALSE(fs::exists(out())) << "nothing of a person's: all of it goes";
}

TEST_F(Marked, NoListReachesOutside) {
  put(folder_.path() / "outside.txt", "mine");
  fs::create_directory_symlink(folder_.path(), folder_.path() / "out/link");
  ASSERT_TRUE(
      mark_folder(out(), {"../outside.txt", folder_.file("outside.txt"), "link/outside.txt", "a/../../outside.txt"})
          .ok());
  ASSERT_TRUE(remove_marked(out()).ok());
  EXPECT_EQ(read_text(folder_.path() / "outside.txt"), "mine");
  ASSERT_TRUE(mark_folder(out(), {}).ok());
  EXPECT_FALSE(remove_below(out(), "../outside.txt").ok());
  (void)remove_below(out(), "link/outside.txt");
  EXPECT_EQ(read_text(folder_.path() / "outside.txt"), "mine");
}

TEST_F(Marked, NewResultsTakeThePlaceOfTheListedOnly) {
  put(folder_.path() / "out/report/index.html", "old page");
  ASSERT_TRUE(mark_folder(out() + "/report", {"index.html"}).ok());  // made later, by another command
  put(folder_.path() / "new/results.json", "second");
  put(folder_.path() / "new/irq/inplace/trial-0/console.log", "second");
  put(folder_.path() / "new/other/inplace/trial-0/events.jsonl", "second");
  const Status moved = move_into_marked(folder_.file("new"), out());
  ASSERT_TRUE(moved.ok()) << moved.error().message;
  const std::vector<std::string> now = {"irq/inplace/notes.txt", "irq/inplace/trial-0/console.log", "mine.txt",
                                        "other/inplace/trial-0/events.jsonl", "results.json"};
  EXPECT_EQ(files_below(out()), now) << "neither the old recording nor the old page stands beside new results";
  EXPECT_EQ(read_text(folder_.path() / "out/results.json"), "second");
  EXPECT_EQ(read_text(folder_.path() / "out/irq/inplace/notes.txt"), "mine");
  EXPECT_FALSE(fs::exists(folder_.file("new")));
  EXPECT_EQ(marked_files(out()), (std::vector<std::string>{"irq/inplace/trial-0/console.log",
                                                           "other/inplace/trial-0/events.jsonl", "results.json"}));
}

TEST_F(Marked, RecordingsOfOtherScenariosStay) {
  put(folder_.path() / "new/other/inplace/trial-0/events.jsonl", "second");
  ASSERT_TRUE(move_into_marked(folder_.file("new"), out()).ok());
  EXPECT_EQ(read_text(folder_.path() / "out/irq/inplace/trial-0/events.jsonl"), "first");
  EXPECT_FALSE(fs::exists(folder_.file("out/results.json"))) << "which told of the earlier run";
  put(folder_.path() / "next/irq/inplace/trial-0/events.jsonl", "third");
  ASSERT_TRUE(move_into_marked(folder_.file("next"), out()).ok());
  EXPECT_EQ(read_text(folder_.path() / "out/irq/inplace/trial-0/events.jsonl"), "third") << "still known as ours";
}

TEST_F(Marked, WhatIsInTheWayIsNamedAndNothingChanges) {
  const std::string linked = folder_.file("elsewhere");
  for (const char* obstacle : {"report", "report/index.html", "link"}) {
    fs::remove_all(folder_.file("out/report"));
    put(folder_.path() / "new/results.json", "second");
    put(folder_.path() / "new/report/index.html", "page");
    if (std::string(obstacle) == "link") {
      fs::create_directory(linked);
      fs::create_directory_symlink(linked, folder_.path() / "out/report");
    } else {
      put(folder_.path() / "out" / obstacle, "mine");
    }
    const Status refused = move_into_marked(folder_.file("new"), out());
    ASSERT_FALSE(refused.ok()) << obstacle;
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    EXPECT_NE(refused.error().message.find("/out/report"), std::string::npos) << refused.error().message;
    EXPECT_EQ(read_text(folder_.path() / "out/results.json"), "first");
    EXPECT_EQ(read_text(folder_.path() / "new/results.json"), "second");
  }
  EXPECT_TRUE(fs::is_empty(linked));
}

}  // namespace
}  // namespace remapstorm
