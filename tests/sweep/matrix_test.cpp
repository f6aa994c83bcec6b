// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "report/sweep.h"
#include "tests/sweep/sample_sweep.h"

namespace remapstorm {
namespace {

TEST(SweepMatrix, CellsAreInTheOrderOfTheMatrixWithHostsInnermost) {
  const SweepCells cells = cells_of(sample_matrix(), sample_scenarios());
  std::vector<std::string> names;
  for (const SweepCell& cell : cells.made) names.push_back(name_of(cell));
  const std::vector<std::string> wanted = {"irq-same-cpu, inplace, std, kvm",   "irq-same-cpu, inplace, std, lab:x86",
                                           "irq-same-cpu, bbm-fault, std, kvm", "irq-same-cpu, bbm-fault, std, lab:x86",
                                           "control, inplace, std, kvm",        "control, inplace, std, lab:x86",
                                           "control, inplace, rt, kvm",         "control, inplace, rt, lab:x86"};
  EXPECT_EQ(names, wanted);
}

TEST(SweepMatrix, WhatAScenarioIsNotMadeForIsCountedAndLeftOut) {
  // irq-same-cpu with rt twice, control with bbm-fault twice; two hosts.
  EXPECT_EQ(cells_of(sample_matrix(), sample_scenarios()).not_made_for, 8U);
  SweepMatrix none = sample_matrix();
  none.flavours = {"lockdep"};
  none.scenarios = {"control"};
  const SweepCells cells = cells_of(none, sample_scenarios());
  EXPECT_TRUE(cells.made.empty());
  EXPECT_EQ(cells.not_made_for, 4U);
}

TEST(SweepCounts, AsExpectedFirstThenTheRestThenWhatDidNotRun) {
  Sweep sweep = sample_sweep();
  const SweepCell control{"control", "inplace", "std", "kvm"};
  const auto counts = counts_of(sweep, control);
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].word, "clean");
  EXPECT_EQ(counts[0].count, 2U);
  EXPECT_FALSE(counts[0].unexpected);
  EXPECT_EQ(counts[1].word, "stall");
  EXPECT_TRUE(counts[1].unexpected);
  const auto lab = counts_of(sweep, {"control", "inplace", "std", "lab:x86"});
  ASSERT_EQ(lab.size(), 1U);
  EXPECT_EQ(lab[0].word, "not run");
  EXPECT_EQ(lab[0].count, 3U);
  EXPECT_TRUE(lab[0].unexpected);
}

TEST(SweepExitCode, TheWorstCountsAndWhatDidNotRunIsNeverGreen) {
  Sweep sweep = sample_sweep();
  EXPECT_EQ(sweep_exit_code(sweep), 1);
  std::erase_if(sweep.trials, [](const SweepTrial& one) { return !one.ok; });
  EXPECT_EQ(sweep_exit_code(sweep), 4) << "cells are missing";
  sweep.trials.clear();
  EXPECT_EQ(sweep_exit_code(sweep), 4);
  sweep.gaps = {{sweep.cells.made[0], host_error("disk full")}};
  EXPECT_EQ(sweep_exit_code(sweep), 75);
  sweep.cells.made.clear();
  EXPECT_EQ(sweep_exit_code(sweep), 64);
}

TEST(SweepExitCode, AllAsExpectedIsZero) {
  Sweep sweep = sample_sweep();
  sweep.matrix.hosts = {"kvm"};
  sweep.matrix.flavours = {"std"};
  sweep.cells = cells_of(sweep.matrix, sample_scenarios());
  sweep.gaps.clear();
  sweep.trials.clear();
  for (const SweepCell& cell : sweep.cells.made) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      sweep.trials.push_back(sample_trial(cell, seed, Verdict::clean, Verdict::clean));
    }
  }
  EXPECT_EQ(sweep_exit_code(sweep), 0);
  sweep.trials.pop_back();
  EXPECT_EQ(sweep_exit_code(sweep), 4);
}

}  // namespace
}  // namespace remapstorm
