// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/report/sample_results.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using What = LifecycleEvent::What;

std::string ktap_of(const RunInfo& run, const std::vector<ScenarioResults>& results) {
  std::ostringstream out;
  const auto report = make_ktap_report(out);
  std::string live = told(*report, out, run, results);
  EXPECT_EQ(live, results_ktap(run, results));  // the file says what stdout said
  return live;
}

std::string ktap(const std::vector<ScenarioResults>& results, std::uint64_t repeat = 1) {
  return ktap_of(sample_run(repeat), results);
}

// Result lines and headers only.
std::string without_diagnostics(const std::string& text) {
  std::istringstream lines(text);
  std::string line, rest;
  while (std::getline(lines, line)) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start != std::string::npos && line.substr(start, 2) == "# ") continue;
    rest += line + "\n";
  }
  return rest;
}

TEST(Ktap, OneLinePerScenario) {
  const std::string text =
      ktap({results_of({deadlock_result()}, "a"), results_of({clean_result(Verdict::deadlock)}, "b")});
  EXPECT_THAT(text, StartsWith("KTAP version 1\n1..2\n"));
  EXPECT_EQ(without_diagnostics(text), "KTAP version 1\n1..2\nok 1 a\nnot ok 2 b\n");
  EXPECT_THAT(text, HasSubstr("# not as expected: expected deadlock, got clean"));
  EXPECT_THAT(text, HasSubstr("# repeat it: ./run irq-same-cpu"));
}

TEST(Ktap, TheSameTrialAgainSaysHowOftenItRepeated) {
  std::vector<TrialResult> trials = {deadlock_result(Verdict::deadlock, 4), clean_result(Verdict::deadlock, 4),
                                     deadlock_result(Verdict::deadlock, 4)};
  for (std::size_t i = 0; i < trials.size(); ++i) trials[i].attempt = i + 1;
  const std::string text = ktap({results_of(trials)}, 3);
  EXPECT_EQ(without_diagnostics(text),
            "KTAP version 1\n1..1\n  KTAP version 1\n  1..3\n  ok 1 irq-same-cpu.trial-4\n"
            "  not ok 2 irq-same-cpu.trial-4-again-2\n  ok 3 irq-same-cpu.trial-4-again-3\nnot ok 1 irq-same-cpu\n");
  EXPECT_THAT(text, HasSubstr("# repeated 2 of 3: deadlock, "));
  EXPECT_THAT(text, Not(HasSubstr("deterministic")));
}

TEST(Ktap, TrialsOfARunAreNoRepetition) {
  EXPECT_THAT(ktap({results_of({deadlock_result(Verdict::deadlock, 0), deadlock_result(Verdict::deadlock, 1)})}, 2),
              Not(HasSubstr("repeated")));
}

TEST(Ktap, AReplayPlansAsManyTrialsAsItFound) {
  ScenarioResults found = results_of({clean_result(Verdict::clean, 0), clean_result(Verdict::clean, 7)});
  found.planned = 2;
  EXPECT_THAT(without_diagnostics(ktap({found}, 5)),
              HasSubstr("  1..2\n  ok 1 irq-same-cpu.trial-0\n  ok 2 irq-same-cpu.trial-7\n"));
}

TEST(Ktap, Directives) {
  EXPECT_THAT(ktap({results_of({not_run(unavailable_error("no /dev/kvm"))})}),
              HasSubstr("\nok 1 irq-same-cpu # SKIP no /dev/kvm\n"));
  EXPECT_THAT(ktap({results_of({of_lifecycle(What::timeout)})}), HasSubstr("\nnot ok 1 irq-same-cpu # TIMEOUT "));
  EXPECT_THAT(ktap({results_of({of_lifecycle(What::host_failure)})}), HasSubstr("\nnot ok 1 irq-same-cpu # ERROR "));
  EXPECT_THAT(ktap({results_of({not_run(internal_error("bug"))})}), HasSubstr("\nnot ok 1 irq-same-cpu # ERROR bug\n"));
  // A panic and a timeout are told apart.
  EXPECT_THAT(ktap({results_of({of_lifecycle(What::panic)})}), Not(HasSubstr("TIMEOUT")));
}

TEST(Ktap, RepeatedTrialsAreSubtests) {
  const std::string text =
      ktap({results_of({deadlock_result(Verdict::deadlock, 0), clean_result(Verdict::deadlock, 1)}, "a")}, 2);
  EXPECT_EQ(without_diagnostics(text),
            "KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a.trial-0\n  not ok 2 a.trial-1\nnot ok 1 a\n");
  EXPECT_THAT(text, HasSubstr("\n  KTAP version 1\n  # Subtest: a\n  1..2\n"));
  EXPECT_THAT(text, HasSubstr("\n  # "));
}

TEST(Ktap, TheSameScenarioTwiceHasTwoNames) {
  EXPECT_EQ(without_diagnostics(ktap({results_of({clean_result()}, "a"), results_of({clean_result()}, "a")})),
            "KTAP version 1\n1..2\nok 1 a\nok 2 a-2\n");
}

TEST(Ktap, WhatDidNotRunHasNoSubtests) {
  EXPECT_EQ(without_diagnostics(ktap({results_of({not_run(unavailable_error("x"))}, "a")}, 20)),
            "KTAP version 1\n1..1\nok 1 a # SKIP x\n");
}

TEST(Ktap, WhatAnInterruptedRunDidNotReachIsNotOk) {
  RunInfo run = sample_run(3);
  run.scenarios = {"a", "b", "c"};
  run.interrupted = true;
  const std::string text = ktap_of(
      run, {results_of({clean_result(), clean_result(), clean_result()}, "a"), results_of({clean_result()}, "b")});
  EXPECT_THAT(
      without_diagnostics(text),
      HasSubstr("ok 1 a\n  KTAP version 1\n  1..3\n  ok 1 b.trial-0\n  not ok 2 b.trial-1 # ERROR not run\n"
                "  not ok 3 b.trial-2 # ERROR not run\nnot ok 2 b # ERROR not run\nnot ok 3 c # ERROR not run\n"));
  EXPECT_THAT(text, StartsWith("KTAP version 1\n1..3\n"));
}

TEST(Ktap, NothingBreaksTheFormat) {
  TrialResult trial = not_run(unavailable_error("first # second\nthird\x1b[0m"));
  const std::string text = ktap({results_of({trial}, "name # with hash")});
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    if (line.starts_with("ok")) {
      EXPECT_EQ(line, "ok 1 name . with hash # SKIP first . second?third?[0m");
    } else {
      EXPECT_TRUE(line.starts_with("# ") || line == "KTAP version 1" || line == "1..1") << line;
    }
  }
}

}  // namespace
}  // namespace remapstorm
