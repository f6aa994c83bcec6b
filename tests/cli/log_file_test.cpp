// SPDX-License-Identifier: Apache-2.0
// The log that an output folder keeps.
#include "cli/log_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/log.h"
#include "results/folder_log.h"
#include "results/folder_mark.h"
#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

constexpr const char* kThen = "2026-01-31T23:59:59.123Z ";

// 2026-01-31T23:59:59.123Z.
std::chrono::system_clock::time_point then() {
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(1'769'903'999'123));
}

struct KeptLog {
  TemporaryFolder folder;
  std::ostringstream err;
  LogLimits limits{};

  KeptLog() { EXPECT_TRUE(mark_folder(folder.path(), {}).ok()); }
  [[nodiscard]] Log::Surroundings surroundings() const { return {.clock = then, .limits = limits}; }
  [[nodiscard]] std::string kept() const {
    std::ostringstream text;
    text << std::ifstream(folder.file(kLogName)).rdbuf();
    return text.str();
  }
};

TEST(LogFile, KeepsWhatIsSaidFromDebugOnWithItsTime) {
  KeptLog here;
  Log log(here.err, here.surroundings());
  log.say(LogLevel::debug, "before there was a folder");
  log.keep_in(here.folder.path());
  log.show_from(LogLevel::off);
  log.say(LogLevel::trace, "not kept");
  log.say(usage_error("no such thing", "give another"));
  log.list(LogLevel::info, "  a step");
  log.status("no line of the log");
  log.print("nor this\n");
  EXPECT_EQ(here.kept(), std::string(kThen) + "debug before there was a folder\n" + kThen + "error no such thing\n" +
                             kThen + "error HINT: give another\n" + kThen + "info   a step\n");
  EXPECT_EQ(here.err.str(), "nor this\n");
}

TEST(LogFile, IsGoneOnWithAndBelongsToTheFolder) {
  KeptLog here;
  for (const char* text : {"first", "second"}) {
    Log log(here.err, here.surroundings());
    log.keep_in(here.folder.path());
    log.say(LogLevel::info, text);
  }
  EXPECT_EQ(here.kept(), std::string(kThen) + "info first\n" + kThen + "info second\n");
  EXPECT_EQ(marked_files(here.folder.path()), std::vector<std::string>{kLogName});
}

TEST(LogFile, SomebodyElsesFileIsNotTouched) {
  KeptLog here;
  std::ofstream(here.folder.file(kLogName)) << "mine\n";
  Log log(here.err, here.surroundings());
  log.keep_in(here.folder.path());
  log.say(LogLevel::info, "more");
  EXPECT_EQ(here.kept(), "mine\n");
  EXPECT_EQ(here.err.str(), "remapstorm: " + here.folder.file(kLogName) +
                                " was not made by remapstorm; the log goes on without this file\nremapstorm: more\n");
}

TEST(LogFile, ALinkLeadsNowhere) {
  KeptLog here;
  ASSERT_TRUE(mark_folder(here.folder.path(), {kLogName}).ok());
  std::filesystem::create_symlink(here.folder.file("elsewhere"), here.folder.file(kLogName));
  EXPECT_FALSE(open_log(here.folder.path()).ok());
  EXPECT_FALSE(std::filesystem::exists(here.folder.file("elsewhere")));
}

TEST(LogFile, WhatAGuestWroteIsCutAndStaysInItsLines) {
  KeptLog here;
  here.limits.line = 60;
  Log log(here.err, here.surroundings());
  log.keep_in(here.folder.path());
  log.say(LogLevel::debug, "the guest said \x1b[2J\rabc\n" + std::string(100'000, 'x'));
  const std::string begin = std::string(kThen) + "debug ";
  EXPECT_EQ(here.kept(),
            begin + "the guest said ?[2J?abc\n" + begin + std::string(60 - begin.size() - 3, 'x') + "...\n");
}

TEST(LogFile, IsBoundedAndTellsIt) {
  KeptLog here;
  here.limits.detail = 1000;
  here.limits.all = 2000;
  Log log(here.err, here.surroundings());
  log.keep_in(here.folder.path());
  for (int i = 0; i < 100; ++i) log.say(LogLevel::debug, "a detail");
  const std::size_t details = here.kept().size();
  EXPECT_TRUE(here.kept().ends_with("this file has reached 1000 bytes: no more details\n")) << here.kept();
  EXPECT_LT(details, 1200U);
  log.say(LogLevel::warn, "a warning");
  EXPECT_TRUE(here.kept().ends_with("warning a warning\n"));
  for (int i = 0; i < 100; ++i) log.say(LogLevel::warn, "a warning");
  EXPECT_TRUE(here.kept().ends_with("this file has reached 2000 bytes: nothing more\n"));
  EXPECT_LT(here.kept().size(), 2200U);
}

TEST(LogFile, WhatWaitsForAFolderIsBounded) {
  KeptLog here;
  here.limits.waiting = 2;
  Log log(here.err, here.surroundings());
  for (const char* text : {"one", "two", "three"}) log.say(LogLevel::debug, text);
  log.keep_in(here.folder.path());
  EXPECT_EQ(here.kept(), std::string(kThen) + "debug one\n" + kThen + "debug two\n");
}

// No file of this process grows beyond `bytes`, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*signal_)(int);
  rlimit before_{};
};

TEST(LogFile, AFullDiskIsToldOnceAndNothingElseChanges) {
  KeptLog here;
  Log log(here.err, here.surroundings());
  log.keep_in(here.folder.path());
  {
    const FullDisk full(0);
    for (const char* text : {"one", "two"}) log.say(LogLevel::info, text);
  }
  log.say(LogLevel::info, "three");
  EXPECT_EQ(here.err.str(), "remapstorm: one\nremapstorm: write(" + here.folder.file(kLogName) +
                                "): File too large; the log goes on without this file\nremapstorm: two\n"
                                "remapstorm: three\n");
  EXPECT_EQ(here.kept(), "");
}

}  // namespace
}  // namespace remapstorm
