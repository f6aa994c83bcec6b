// SPDX-License-Identifier: Apache-2.0
// What is said, to whom, and that nothing which is said tears or spoils anything.
#include "cli/log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "cli/console_observer.h"
#include "results/exit_code.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

void say_one_of_each(Log& log) {
  for (const LogLevel level : {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    log.say(level, std::string("at ") + log_level_name(level));
  }
}

TEST(Log, ShowsWhatIsOfItsLevelAndAbove) {
  const std::vector<std::string> lines = {"remapstorm: trace: at trace\n", "remapstorm: debug: at debug\n",
                                          "remapstorm: at info\n", "remapstorm: at warn\n", "remapstorm: at error\n"};
  for (const LogLevel level :
       {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error, LogLevel::off}) {
    FakeContext fake;
    fake.log.show_from(level);
    EXPECT_EQ(fake.log.shown_from(), level);
    say_one_of_each(fake.log);
    std::string shown;
    for (std::size_t i = static_cast<std::size_t>(level); i < lines.size(); ++i) shown += lines[i];
    EXPECT_EQ(fake.err.str(), shown) << log_level_name(level);
  }
}

TEST(Log, ShowsFromInfoOnIfNothingElseIsSaid) {
  FakeContext fake;
  say_one_of_each(fake.log);
  EXPECT_EQ(fake.err.str(), "remapstorm: at info\nremapstorm: at warn\nremapstorm: at error\n");
}

TEST(Log, AnErrorHasItsHintBelow) {
  FakeContext fake;
  fake.log.say(usage_error("no such thing", "give another"));
  fake.log.say(host_error("no disk"));
  EXPECT_EQ(fake.err.str(), "remapstorm: no such thing\nHINT: give another\nremapstorm: no disk\n");
}

TEST(Log, AMessageDoesNotTearTheLineThatIsRedrawn) {
  std::ostringstream err;
  Log log(err, {.redraws = true, .columns = 80});
  log.status("booting");
  log.say(LogLevel::warn, "a snapshot is missing");
  log.say(LogLevel::debug, "shown to nobody");
  log.status("running");
  log.clear_status();
  EXPECT_EQ(err.str(), "\r\033[Kbooting\r\033[Kremapstorm: a snapshot is missing\n\r\033[Krunning\r\033[K");
}

TEST(Log, WhoWantsWarningsOnlyGetsNoProgress) {
  std::ostringstream err;
  Log log(err, {.redraws = true, .columns = 80});
  log.show_from(LogLevel::warn);
  log.status("booting");
  log.list(LogLevel::info, "  a step");
  EXPECT_EQ(err.str(), "");
  log.print("what was asked for\n");
  EXPECT_EQ(err.str(), "what was asked for\n");
}

TEST(Log, WhatAGuestWroteCannotSteerTheTerminal) {
  FakeContext fake;
  fake.log.say(LogLevel::warn, "the guest said \x1b[31mred\x07");
  fake.log.list(LogLevel::info, "  \xff");
  EXPECT_EQ(fake.err.str(), "remapstorm: the guest said ?[31mred?\n  ?\n");
}

TEST(Log, LinesOfSeveralThreadsStayWhole) {
  constexpr int kThreads = 4, kLines = 200;
  FakeContext fake;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&fake] {
        for (int line = 0; line < kLines; ++line) {
          fake.log.say(LogLevel::info, "one whole line");
          fake.log.status_in_lines("what goes on");
        }
      });
    }
  }
  std::istringstream lines(fake.err.str());
  int whole = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(line, "remapstorm: one whole line");
    ++whole;
  }
  EXPECT_EQ(whole, kThreads * kLines);
}

TEST(LogLevelOption, EveryCommandHasIt) {
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    const std::string name = command.name;
    FakeContext fake;
    const Arguments words = name == "guest" ? Arguments{name, "list", "--help"} : Arguments{name, "--help"};
    EXPECT_EQ(dispatch(fake.context, words), kExitOk);
    EXPECT_NE(fake.out.str().find("--log-level LEVEL"), std::string::npos) << name;
  }
}

TEST(LogLevelOption, AnUnknownLevelIsAMistakeThatNamesThemAll) {
  FakeContext fake;
  EXPECT_EQ(dispatch(fake.context, {"metrics", "--log-level", "wran"}), kExitUsage);
  EXPECT_EQ(fake.err.str(),
            "remapstorm: --log-level wran: not one of trace, debug, info, warn, error, off\n"
            "HINT: did you mean warn?\n");
  EXPECT_EQ(fake.out.str(), "");
}

TEST(LogLevelOption, OffSilencesMessagesAndNoExitCode) {
  FakeContext fake;
  EXPECT_EQ(dispatch(fake.context, {"describe", "nothing-like-it", "--log-level", "off"}), kExitUsage);
  EXPECT_EQ(fake.err.str(), "");
  EXPECT_EQ(fake.log.shown_from(), LogLevel::off);
}

TEST(LogLevelOption, QuietLeavesOutProgressAtEveryLevel) {
  FakeContext fake;
  fake.log.show_from(LogLevel::debug);
  {
    ConsoleObserver observer(fake.context, Volume::quiet);
    observer.progress("booting");
    observer.step("  as given, try 1: clean");
    observer.detail("the host is slow");
    observer.note("a snapshot is missing");
  }
  EXPECT_EQ(fake.err.str(),
            "debug:   as given, try 1: clean\nremapstorm: debug: the host is slow\n"
            "remapstorm: a snapshot is missing\n");
}

TEST(Log, AnErrorComesBehindTheResultsBeforeIt) {
  const TemporaryFolder folder;
  const std::string path = folder.file("both");
  {
    std::ofstream out(path, std::ios::app), err(path, std::ios::app);
    Log log(err);
    const CommandContext context{{}, out, log};
    out << "results\n";
    EXPECT_EQ(report_error(context, host_error("no disk")), kExitHost);
  }
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "results\nremapstorm: no disk\n");
}

}  // namespace
}  // namespace remapstorm
