// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/report/sample_results.h"

namespace remapstorm {
namespace {

using What = LifecycleEvent::What;

TEST(ExitCode, OfOneTrial) {
  EXPECT_EQ(exit_code(deadlock_result()), 0);
  EXPECT_EQ(exit_code(clean_result()), 0);
  EXPECT_EQ(exit_code(clean_result(Verdict::deadlock)), 1);
  EXPECT_EQ(exit_code(oops_result()), 1);
  EXPECT_EQ(exit_code(of_lifecycle(What::timeout)), 124);
  EXPECT_EQ(exit_code(of_lifecycle(What::timeout, Verdict::timeout)), 0);
  EXPECT_EQ(exit_code(of_lifecycle(What::host_failure)), 75);
  EXPECT_EQ(exit_code(of_lifecycle(What::interrupted)), 75);
  EXPECT_EQ(exit_code(of_lifecycle(What::emulation_failure)), 70);
  EXPECT_EQ(exit_code(not_run(unavailable_error("no KVM"))), 4);
  EXPECT_EQ(exit_code(not_run(usage_error("bad"))), 64);
  EXPECT_EQ(exit_code(not_run(host_error("full"))), 75);
  EXPECT_EQ(exit_code(not_run(internal_error("bug"))), 70);
  EXPECT_EQ(exit_code(TrialResult{}), 70);
}

// Of any two, the worse one decides, whatever their order.
TEST(ExitCode, TheWorstOfSeveral) {
  const std::vector<std::pair<int, TrialResult>> worst_first = {{70, not_run(internal_error("bug"))},
                                                                {64, not_run(usage_error("bad"))},
                                                                {1, oops_result()},
                                                                {124, of_lifecycle(What::timeout)},
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

TEST(ExitCode, ARunThatRanNothingIsNotGreen) {
  EXPECT_EQ(exit_code(std::span<const ScenarioResults>{}), 70);
  const std::vector<ScenarioResults> empty{results_of({})};
  EXPECT_EQ(exit_code(empty), 70);
  const std::vector<ScenarioResults> half{results_of({clean_result()}), results_of({})};
  EXPECT_EQ(exit_code(half), 70);
}

TEST(SummaryLine, CountsAndNamesWhatIsNotOk) {
  const std::vector<ScenarioResults> results{
      results_of({clean_result(), clean_result()}, "a"), results_of({oops_result(), oops_result()}, "b"),
      results_of({not_run(unavailable_error("x"))}, "c"), results_of({of_lifecycle(What::host_failure)}, "d")};
  EXPECT_EQ(summary_line(results), "6 trials: 2 as expected, 2 not, 1 failed by harness or host, 1 not run (b, c, d)");
  const std::vector<ScenarioResults> one{results_of({clean_result()})};
  EXPECT_EQ(summary_line(one), "1 trial: 1 as expected");
}

}  // namespace
}  // namespace remapstorm
