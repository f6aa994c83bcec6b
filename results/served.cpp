// SPDX-License-Identifier: Apache-2.0
#include "results/served.h"

#include "results/exit_code.h"

namespace remapstorm {
namespace {

void count_outcome(std::map<std::string, std::uint64_t>& counts, const std::string& outcome) {
  const bool room = counts.contains(outcome) || counts.size() < Served::kMostOutcomes;
  ++counts[room ? outcome : "others"];
}

}  // namespace

void Served::add(const ScenarioResults& results) {
  ServedScenario& one = scenarios_[results.scenario];
  for (const TrialResult& trial : results.trials) {
    ++one.trials;
    one.worst = worse_of(one.worst, remapstorm::exit_code(trial));
    if (trial.ok) {
      ++one.expected;
    } else {
      count_outcome(one.unexpected, outcome_of(trial));
    }
  }
}

void Served::add_outcome(const std::string& outcome) { count_outcome(outcomes_, outcome); }

}  // namespace remapstorm
