// SPDX-License-Identifier: Apache-2.0
// A case for each trial of a sweep: suite (scenario) > class (cell) > seed.
#include "report/junit.h"
#include "report/sweep.h"

namespace remapstorm {
namespace {

JunitCase case_of(const SweepCell& cell, std::uint64_t seed) {
  JunitCase one;
  one.suite = cell.scenario;
  one.classname = cell.scenario + "." + cell.strategy + "." + cell.flavour + "." + cell.host;
  one.name = "seed-" + std::to_string(seed);
  return one;
}

JunitCase case_of(const SweepTrial& trial) {
  JunitCase one = case_of(trial.cell, trial.seed);
  one.outcome = test_outcome(trial.exit_code);
  one.seconds = in_seconds(trial.duration);
  if (trial.ok) return one;
  one.message = trial.differences.empty() ? trial.reason : trial.differences.front();
  one.type = verdict_name(trial.verdict);
  one.text = trial.reason + "\nrepeat it: " + trial.repeat;
  return one;
}

}  // namespace

std::string sweep_junit(const Sweep& sweep) {
  std::vector<JunitCase> cases;
  for (const SweepCell& cell : sweep.cells.made) {
    const std::vector<const SweepTrial*> trials = sweep.trials_of(cell);
    auto next = trials.begin();
    for (std::uint64_t seed = 1; seed <= sweep.matrix.seeds; ++seed) {
      if (next != trials.end() && (*next)->seed == seed) {
        cases.push_back(case_of(**next++));
        continue;
      }
      JunitCase missing = case_of(cell, seed);
      missing.outcome = missing_outcome(sweep, cell);
      missing.message = "not run: " + missing_reason(sweep, cell);
      missing.type = "not run";
      cases.push_back(std::move(missing));
    }
  }
  return junit_xml("sweep", host_line(sweep), cases);
}

}  // namespace remapstorm
