// SPDX-License-Identifier: Apache-2.0
// A sweep with everything that can come of a cell.
#pragma once

#include "results/sweep.h"

namespace remapstorm {

inline Scenario made_for(const std::string& name, std::vector<std::string> strategies,
                         std::vector<std::string> flavours) {
  Scenario scenario;
  scenario.name = name;
  scenario.strategies = std::move(strategies);
  scenario.strategy = scenario.strategies.front();
  scenario.flavours = std::move(flavours);
  return scenario;
}

inline std::vector<Scenario> sample_scenarios() {
  return {made_for("irq-same-cpu", {"bbm-fault", "inplace"}, {"std", "lockdep"}),
          made_for("control", {"inplace"}, {"std", "rt"})};
}

inline SweepMatrix sample_matrix(std::uint64_t seeds = 3) {
  return {{"irq-same-cpu", "control"}, {"inplace", "bbm-fault"}, {"std", "rt"}, {"kvm", "lab:x86"}, seeds};
}

inline SweepTrial sample_trial(const SweepCell& cell, std::uint64_t seed, Verdict verdict, Verdict expected) {
  SweepTrial trial;
  trial.cell = cell;
  trial.seed = seed;
  trial.verdict = verdict;
  trial.expected = expected;
  trial.ok = verdict == expected;
  trial.exit_code = trial.ok ? 0 : verdict == Verdict::error ? 75 : 1;
  trial.reason = "because # of <this> & \"that\"";
  if (!trial.ok) trial.differences = {"expected something else"};
  trial.fingerprint = "a:b";
  trial.duration = std::chrono::milliseconds(400);
  trial.repeat = "./run irq-same-cpu --strategy bbm-fault --seed " + std::to_string(seed);
  trial.events = seed == 1 ? "trials/x" : "";
  return trial;
}

// irq-same-cpu/inplace/std, .../bbm-fault/std, control/inplace/std, control/inplace/rt; each on kvm and lab:x86.
inline Sweep sample_sweep() {
  Sweep sweep;
  sweep.version = "1.2.3";
  sweep.started_at = "2026-11-26T02:00:00Z";
  sweep.host.kind = "kvm-interpreting";
  sweep.matrix = sample_matrix();
  sweep.cells = cells_of(sweep.matrix, sample_scenarios());
  for (const SweepCell& cell : sweep.cells.made) {
    if (cell.host == "lab:x86") continue;
    if (cell.flavour == "rt") {
      sweep.gaps.push_back({cell, unavailable_error("no guest image of flavour rt", "build it")});
      continue;
    }
    const Verdict expected = cell.strategy == "bbm-fault" ? Verdict::deadlock : Verdict::clean;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const bool odd = cell.scenario == "control" && seed == 2;
      sweep.trials.push_back(sample_trial(cell, seed, odd ? Verdict::stall : expected, expected));
    }
  }
  return sweep;
}

}  // namespace remapstorm
