// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "report/report.h"

namespace remapstorm {

std::string repeated_line(const ScenarioResults& results) {
  const auto& trials = results.trials;
  const bool same = std::all_of(trials.begin(), trials.end(),
                                [&](const TrialResult& one) { return one.trial == trials.front().trial; });
  if (trials.size() < 2 || !same) return {};
  std::map<std::string, std::uint64_t> outcomes;
  for (const TrialResult& trial : trials) ++outcomes[outcome_of(trial)];
  const auto commonest = std::max_element(outcomes.begin(), outcomes.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
  return "repeated " + std::to_string(commonest->second) + " of " + std::to_string(trials.size()) + ": " +
         commonest->first;
}

}  // namespace remapstorm
