// SPDX-License-Identifier: Apache-2.0
// The numbers of a scenario that minimising makes smaller. Private to the minimizer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plan/scenario.h"

namespace remapstorm {

struct ScenarioValue {
  std::string name;  // "workload 1: pages", "rule meet: for_ms"
  std::uint64_t value = 0;
  std::uint64_t minimum = 0;
  // Closer than this two values count as the same: lengths are measured, not counted.
  std::function<std::uint64_t(std::uint64_t)> grain;
  std::function<void(Scenario&, std::uint64_t)> set;
  std::function<std::string(std::uint64_t)> text;  // of a value, as the file says it
};

// In the order in which they are tried: counts of workloads, then rules, then the machine.
std::vector<ScenarioValue> values_of(const Scenario& scenario, const Vocabulary& vocabulary);

// Ways to make a trigger simpler that are no numbers: no chance, no more than one firing.
struct Simplification {
  std::string name;
  std::function<void(Scenario&)> apply;
};
std::vector<Simplification> simplifications_of(const Scenario& scenario);

}  // namespace remapstorm
