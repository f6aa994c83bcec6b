// SPDX-License-Identifier: Apache-2.0
#include "results/exit_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/report/sample_results.h"

namespace remapstorm {
namespace {

using What = LifecycleEvent::What;

TrialResult with_error(TrialResult trial, const Error& error) {
  trial.error = error;
  trial.ok = false;
  return trial;
}

TEST(ExitCode, OfOneTrial) {
  EXPECT_EQ(exit_code(deadlock_result()), 0);
  EXPECT_EQ(exit_code(clean_result()), 0);
  EXPECT_EQ(exit_code(clean_result(Verdict::deadlock)), 1);
  EXPECT_EQ(exit_code(oops_result()), 1);
  EXPECT_EQ(exit_code(of_lifecycle(What::timeout)), 3) << "124 is timeout(1)'s";
  EXPECT_EQ(exit_code(of_lifecycle(What::timeout, Verdict::timeout)), 0);
  EXPECT_EQ(exit_code(of_lifecycle(What::host_failure)), 75);
  EXPECT_EQ(exit_code(of_lifecycle(What::interrupted)), 75);
  EXPECT_EQ(exit_code(not_run(unavailable_error("no KVM"))), 4);
  EXPECT_EQ(exit_code(not_run(usage_error("bad"))), 64);
  EXPECT_EQ(exit_code(not_run(host_error("full"))), 75);
  EXPECT_EQ(exit_code(not_run(guest_error("does not boot"))), 125);
  EXPECT_EQ(exit_code(not_run(internal_error("bug"))), 70);
  EXPECT_EQ(exit_code(TrialResult{}), 70);
}

// Nothing that a guest does is a bug of remapstorm, nor gone at the next try.
TEST(ExitCode, AGuestThatCannotBeTested) {
  for (const What what : {What::emulation_failure, What::ring_corrupt, What::power_off}) {
    EXPECT_EQ(exit_code(of_lifecycle(what)), 125);
  }
  for (const What what : {What::triple_fault, What::no_progress, What::timeout}) {
    Stream booting;
    booting.add(PlanEvent{R"({"schema":1})"}).milestone(What::boot).milestone(what, "detail");
    EXPECT_EQ(exit_code(concluded(booting, Verdict::clean)), 125);
  }
  Stream open;
  open.begin().open().done();
  EXPECT_EQ(exit_code(concluded(open, Verdict::clean)), 125) << "its evidence is not whole";
}

// What was seen stands, also when it could not be written down.
TEST(ExitCode, AFullDiskDoesNotHideAVerdict) {
  EXPECT_EQ(exit_code(with_error(deadlock_result(Verdict::clean), host_error("full"))), 1);
  EXPECT_EQ(exit_code(with_error(clean_result(), host_error("full"))), 75);
  EXPECT_EQ(exit_code(with_error(of_lifecycle(What::timeout), host_error("full"))), 3);
  EXPECT_EQ(exit_code(with_error(of_lifecycle(What::power_off), host_error("cut"))), 75) << "the error says why";
}

// Of any two, the worse one decides, whatever their order.
TEST(ExitCode, TheWorstOfSeveral) {
  const std::vector<std::pair<int, TrialResult>> worst_first = {{1, oops_result()},
                                                                {70, not_run(internal_error("bug"))},
                                                                {64, not_run(usage_error("bad"))},
                                                                {3, of_lifecycle(What::timeout)},
                                                                {125, of_lifecycle(What::power_off)},
                                                                {75, not_run(host_error("full"))},
                                                                {4, not_run(unavailable_error("no KVM"))},
                                                                {0, clean_result()}};
  for (std::size_t i = 0; i < worst_first.size(); ++i) {
    for (std::size_t j = 0; j < worst_first.size(); ++j) {
      const std::vector<ScenarioResults> both{results_of({worst_first[i].second}), results_of({worst_first[j].second})};
      EXPECT_EQ(exit_code(both), worst_first[std::min(i, j)].first) << i << " and " << j;
    }
  }
}

TEST(ExitCode, ASignalOutranksOnlyWhatDidNotRunAndSuccess) {
  EXPECT_EQ(exit_by_signal(0), 0);
  for (const int worse : {1, 70, 64, 3, 125, 75}) EXPECT_EQ(worse_of(exit_by_signal(SIGTERM), worse), worse);
  for (const int better : {4, 0}) EXPECT_EQ(worse_of(better, exit_by_signal(SIGINT)), 130);
  EXPECT_EQ(worse_of(99, 0), 99) << "whatever is in no table is no success";
}

TEST(ExitCode, ARunThatRanNothingIsNotGreen) {
  EXPECT_EQ(exit_code(std::span<const ScenarioResults>{}), 70);
  const std::vector<ScenarioResults> empty{results_of({})};
  EXPECT_EQ(exit_code(empty), 70);
  const std::vector<ScenarioResults> half{results_of({clean_result()}), results_of({})};
  EXPECT_EQ(exit_code(half), 70);
}

// git bisect run: 0 is good, 1 to 127 but 125 are bad, 125 skips, everything above ends it.
TEST(ExitCode, BisectCallsNothingBadThatIsNoVerdict) {
  std::set<int> codes;
  for (const ExitCodeRow& row : exit_codes()) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.code << " twice";
    const int code = row.code == kExitSignal ? exit_by_signal(SIGTERM) : row.code;
    const int told = bisect_code(code);
    EXPECT_EQ(told == 0, code == 0);
    EXPECT_EQ(told > 0 && told < 128 && told != 125, code == 1) << code;
  }
  EXPECT_EQ(bisect_code(143), 143);
  EXPECT_EQ(bisect_code(75), 125);
  EXPECT_EQ(bisect_code(4), 255);
}

TEST(ExitCode, TheTableOfTheDocumentsIsThisOne) {
  std::ostringstream text;
  text << std::ifstream(SOURCE_DIR "/docs/commands.md").rdbuf();
  EXPECT_NE(text.str().find(exit_codes_markdown()), std::string::npos) << exit_codes_markdown();
}

TEST(ExitCode, TheHelpNamesEachInLinesThatFit) {
  const std::string help = exit_codes_help(100);
  for (const ExitCodeRow& row : exit_codes()) EXPECT_NE(help.find(row.brief), std::string::npos) << row.brief;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(SummaryLine, CountsAndNamesWhatIsNotOk) {
  const std::vector<ScenarioResults> results{
      results_of({clean_result(), clean_result()}, "a"), results_of({oops_result(), oops_result()}, "b"),
      results_of({not_run(unavailable_error("x"))}, "c"), results_of({of_lifecycle(What::host_failure)}, "d")};
  EXPECT_EQ(summary_line(results), "6 trials: 2 as expected, 2 not, 1 without a verdict, 1 not run (b, c, d)");
  const std::vector<ScenarioResults> one{results_of({clean_result()})};
  EXPECT_EQ(summary_line(one), "1 trial: 1 as expected");
}

}  // namespace
}  // namespace remapstorm
