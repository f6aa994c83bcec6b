// SPDX-License-Identifier: Apache-2.0
#include "trial/report_end.h"

#include <gtest/gtest.h>

#include "results/trial_result.h"

namespace remapstorm {
namespace {

using State = ReportEnd::State;

Nanoseconds at(int ms) { return std::chrono::milliseconds(ms); }

TEST(ReportEnd, NothingReportedIsNoEnd) {
  ReportEnd end;
  for (int now = 0; now < 5000; now += 50) EXPECT_EQ(end.look({false, false, 100, at(now)}), State::listen);
}

TEST(ReportEnd, AWholeReportIsHeardAWhileAfterItsEnd) {
  ReportEnd end;
  std::uint64_t written = 1000;
  EXPECT_EQ(end.look({true, false, written, at(0)}), State::listen);
  EXPECT_EQ(end.look({true, true, written += 1000, at(100)}), State::listen);
  // The next ones come without a pause.
  EXPECT_EQ(end.look({true, true, written += 1000, at(200)}), State::listen);
  EXPECT_EQ(end.look({true, true, written += 1000, at(300)}), State::heard);
  EXPECT_EQ(end.look({true, true, written += 1000, at(310)}), State::listen)
      << "whoever wants more is asked now and then";
  EXPECT_EQ(end.look({true, true, written += 1000, at(500)}), State::heard);
}

// Many reports have no closing line.
TEST(ReportEnd, ASilentConsoleEndsAReport) {
  ReportEnd end;
  EXPECT_EQ(end.look({true, false, 1000, at(0)}), State::listen);
  EXPECT_EQ(end.look({true, false, 2000, at(150)}), State::listen);
  EXPECT_EQ(end.look({true, false, 2000, at(300)}), State::listen);
  EXPECT_EQ(end.look({true, false, 2000, at(350)}), State::heard);
}

TEST(ReportEnd, AFloodIsOneWhateverIsWanted) {
  ReportEnd end;
  EXPECT_EQ(end.look({true, false, 1 << 20, at(0)}), State::listen) << "what came before does not count";
  EXPECT_EQ(end.look({true, false, (1 << 20) + ReportEnd::kFlood, at(1)}), State::listen);
  EXPECT_EQ(end.look({true, true, (1 << 20) + ReportEnd::kFlood + 1, at(2)}), State::flood);
}

TEST(WantsMore, OnlyWhatCouldChangeTheOutcome) {
  Judgement so_far;
  so_far.verdict = Verdict::lockdep;
  Expectation expected;
  expected.verdict = Verdict::deadlock;
  EXPECT_TRUE(wants_more(expected, so_far)) << "lockdep warns of what is then proven";
  for (const Verdict verdict : {Verdict::clean, Verdict::stall, Verdict::hang, Verdict::lost_update, Verdict::oops}) {
    expected.verdict = verdict;
    EXPECT_FALSE(wants_more(expected, so_far)) << verdict_name(verdict);
  }
  expected.verdict = Verdict::lockdep;
  EXPECT_FALSE(wants_more(expected, so_far)) << "all that was asked for is there";
  expected.min_windows = 3;
  EXPECT_TRUE(wants_more(expected, so_far));
  so_far.statistics.windows_closed = 3;
  EXPECT_FALSE(wants_more(expected, so_far));
}

}  // namespace
}  // namespace remapstorm
