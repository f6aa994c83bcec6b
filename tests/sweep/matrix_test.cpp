// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sstream>

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

TEST(SweepMatrix, AHostHasTheStrategiesOfItsArchitecture) {
  std::vector<Scenario> scenarios = sample_scenarios();
  for (Scenario& scenario : scenarios) {
    if (scenario.name == "control") scenario.architectures["arm64"].strategies = {"bbml2"};
  }
  SweepMatrix matrix = {{"control"}, {"inplace", "bbml2"}, {"std"}, {"kvm", "lab:x86", "lab:arm64"}, 1};
  matrix.architecture = "x86_64";
  const auto names = [&] {
    std::vector<std::string> all;
    for (const SweepCell& cell : cells_of(matrix, scenarios).made) all.push_back(name_of(cell));
    return all;
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"control, inplace, std, kvm", "control, inplace, std, lab:x86",
                                               "control, bbml2, std, lab:arm64"}));
  EXPECT_EQ(cells_of(matrix, scenarios).not_made_for, 3U);
  matrix.architecture = "arm64";
  EXPECT_EQ(names(), (std::vector<std::string>{"control, inplace, std, lab:x86", "control, bbml2, std, kvm",
                                               "control, bbml2, std, lab:arm64"}));
}

TEST(SweepMatrix, AScenarioOfAnotherArchitectureIsLeftOutOrToldByName) {
  std::vector<Scenario> scenarios = sample_scenarios();
  for (Scenario& scenario : scenarios) {
    if (scenario.name == "control") scenario.made_for = {"arm64"};
  }
  SweepMatrix matrix = {{"irq-same-cpu", "control"}, {"inplace"}, {"std"}, {"kvm", "lab:arm64"}, 1};
  matrix.architecture = "x86_64";
  const SweepCells both = cells_of(matrix, scenarios);
  ASSERT_EQ(both.made.size(), 3U);
  EXPECT_EQ(name_of(both.made[2]), "control, inplace, std, lab:arm64");
  matrix.hosts = {"kvm"};
  EXPECT_EQ(cells_of(matrix, scenarios).made.size(), 1U);
  matrix.scenarios_named = true;
  const SweepCells named = cells_of(matrix, scenarios);
  ASSERT_EQ(named.refused.size(), 1U);
  EXPECT_EQ(named.refused[0].why.message, "control is not made for x86_64");
  EXPECT_EQ(named.refused[0].why.hint, "--hosts lab:arm64");
}

TEST(SweepTable, ACellThatOnlyAnotherHostHasIsADash) {
  std::vector<Scenario> scenarios = sample_scenarios();
  for (Scenario& scenario : scenarios) scenario.architectures["arm64"].strategies = {"bbml2"};
  Sweep sweep;
  sweep.matrix = {{"control"}, {"inplace", "bbml2"}, {"std"}, {"kvm", "lab:arm64"}, 1};
  sweep.matrix.architecture = "x86_64";
  sweep.cells = cells_of(sweep.matrix, scenarios);
  for (const SweepCell& cell : sweep.cells.made)
    sweep.trials.push_back(sample_trial(cell, 1, Verdict::clean, Verdict::clean));
  EXPECT_TRUE(counts_of(sweep, {"control", "bbml2", "std", "kvm"}).empty());
  EXPECT_EQ(counts_of(sweep, {"control", "bbml2", "std", "lab:arm64"}).size(), 1U);
  std::ostringstream out;
  write_sweep_table(out, TerminalStyle(), sweep);
  const std::string table = out.str();
  EXPECT_EQ(table.find("not run"), std::string::npos) << table;
  EXPECT_NE(table.find("-  "), std::string::npos) << table;
}

std::vector<std::string> refused_of(const SweepMatrix& matrix) {
  std::vector<std::string> rows;
  for (const SweepGap& gap : cells_of(matrix, sample_scenarios()).refused) {
    EXPECT_EQ(gap.why.kind, ErrorKind::unavailable);
    rows.push_back(name_of(gap.cell) + ": " + gap.why.message + " (" + gap.why.hint + ")");
  }
  return rows;
}

// What was asked for by name and did not run is a row with its reason; what "all" brought with it is left out.
TEST(SweepMatrix, WhatWasNamedIsInARowAlsoIfItCannotRun) {
  using Rows = std::vector<std::string>;
  SweepMatrix matrix = {{"irq-same-cpu", "control"}, {"bbm-fault"}, {"std"}, {"kvm"}, 1};
  EXPECT_EQ(refused_of(matrix), Rows{});
  matrix.scenarios_named = true;
  EXPECT_EQ(refused_of(matrix),
            Rows{"control, bbm-fault, std, kvm: control is not made for strategy bbm-fault (--strategies inplace)"});
  const SweepCells cells = cells_of(matrix, sample_scenarios());
  ASSERT_EQ(cells.made.size(), 2U);
  EXPECT_EQ(name_of(cells.made[1]), "control, bbm-fault, std, kvm");
  EXPECT_EQ(cells.not_made_for, 0U);

  // One mistake is one row: of the flavours asked for, the one the scenario is made for.
  matrix.flavours = {"lockdep", "std"};
  EXPECT_EQ(refused_of(matrix).size(), 1U);
  matrix = {{"irq-same-cpu"}, {"inplace", "stop-machine"}, {"std"}, {"kvm"}, 1};
  matrix.strategies_named = true;
  EXPECT_EQ(refused_of(matrix), Rows{"irq-same-cpu, stop-machine, std, kvm: irq-same-cpu is not made for strategy "
                                     "stop-machine (--strategies bbm-fault,inplace)"});
  matrix = {{"irq-same-cpu"}, {"inplace"}, {"std", "rt"}, {"kvm"}, 1};
  matrix.flavours_named = true;
  EXPECT_EQ(refused_of(matrix), Rows{"irq-same-cpu, inplace, rt, kvm: irq-same-cpu is not made for flavour rt "
                                     "(--flavours std,lockdep)"});
}

TEST(SweepMatrix, WhatWasRefusedIsNeverGreen) {
  Sweep sweep;
  sweep.matrix = {{"irq-same-cpu", "control"}, {"bbm-fault"}, {"std"}, {"kvm"}, 1};
  sweep.matrix.scenarios_named = true;
  sweep.cells = cells_of(sweep.matrix, sample_scenarios());
  sweep.gaps = sweep.cells.refused;
  sweep.trials = {sample_trial(sweep.cells.made[0], 1, Verdict::deadlock, Verdict::deadlock)};
  EXPECT_EQ(sweep_exit_code(sweep), 4);
  EXPECT_NE(sweep_ktap(sweep).find("ok 1 control.bbm-fault.std.kvm.seed-1 # SKIP not run: control is not made for"),
            std::string::npos);
  EXPECT_NE(sweep_junit(sweep).find("<skipped message=\"not run: control is not made for strategy bbm-fault\"/>"),
            std::string::npos);
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
