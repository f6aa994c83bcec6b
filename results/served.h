// SPDX-License-Identifier: Apache-2.0
// What a `serve` has come to, scenario by scenario: rounds are too many to list.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "results/run.h"

namespace remapstorm {

struct ServedScenario {
  std::uint64_t trials = 0, expected = 0;
  std::map<std::string, std::uint64_t> unexpected;  // how often each outcome came; bounded
  int worst = 0;                                    // exit code of its worst trial
};

class Served {
 public:
  static constexpr std::size_t kMostOutcomes = 100;  // of a scenario, and of rounds; more are counted as "others"

  std::string version;
  std::string started_at;  // RFC 3339, UTC
  std::string host;        // its kind
  std::uint64_t rounds = 0;
  std::uint64_t trials = 0, expected = 0;  // of the rounds
  Nanoseconds took{0};
  int exit_code = 0;                 // of all that happened
  std::vector<std::string> not_run;  // scenarios

  void add(const ScenarioResults& results);
  void add_outcome(const std::string& outcome);  // of a round, if it was not as expected
  [[nodiscard]] const std::map<std::string, ServedScenario>& scenarios() const { return scenarios_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& outcomes() const { return outcomes_; }

 private:
  std::map<std::string, ServedScenario> scenarios_;
  std::map<std::string, std::uint64_t> outcomes_;
};

}  // namespace remapstorm
