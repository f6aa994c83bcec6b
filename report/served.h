// SPDX-License-Identifier: Apache-2.0
// What a `serve` has come to, scenario by scenario: rounds are too many to list. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "report/report.h"

namespace remapstorm {

struct ServedScenario {
  std::uint64_t trials = 0, expected = 0;
  std::map<std::string, std::uint64_t> unexpected;  // how often each outcome came; bounded
  int worst = 0;                                    // exit code of its worst trial
};

class Served {
 public:
  static constexpr std::size_t kMostOutcomes = 100;  // of a scenario; more are counted as "others"

  std::string version;
  std::string started_at;  // RFC 3339, UTC
  std::string host;        // its kind
  std::uint64_t rounds = 0;
  int exit_code = 0;

  void add(const ScenarioResults& results);
  [[nodiscard]] const std::map<std::string, ServedScenario>& scenarios() const { return scenarios_; }

 private:
  std::map<std::string, ServedScenario> scenarios_;
};

// Schema 1 (docs/commands.md).
std::string served_json(const Served& served);
// A case for each scenario.
std::string served_junit(const Served& served);

}  // namespace remapstorm
