// SPDX-License-Identifier: Apache-2.0
#include "report/served.h"

#include "base/plural.h"
#include "report/junit.h"
#include "report/plain_lines.h"
#include "results/exit_code.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {
constexpr int kServeSchema = 1;
}

void Served::add(const ScenarioResults& results) {
  ServedScenario& one = scenarios_[results.scenario];
  for (const TrialResult& trial : results.trials) {
    ++one.trials;
    one.worst = worse_of(one.worst, remapstorm::exit_code(trial));
    if (trial.ok) {
      ++one.expected;
      continue;
    }
    const std::string outcome = outcome_of(trial);
    const bool room = one.unexpected.contains(outcome) || one.unexpected.size() < kMostOutcomes;
    ++one.unexpected[room ? outcome : "others"];
  }
}

std::string served_json(const Served& served) {
  Json scenarios = Json::object();
  for (const auto& [name, one] : served.scenarios()) {
    scenarios[name] = {{"trials", one.trials},
                       {"as_expected", one.expected},
                       {"unexpected", one.unexpected},
                       {"exit_code", one.worst}};
  }
  const Json json = {{"schema", kServeSchema},
                     {"remapstorm", {{"version", served.version}, {"started_at", served.started_at}}},
                     {"host", {{"kind", served.host}}},
                     {"summary", {{"rounds", served.rounds}, {"exit_code", served.exit_code}}},
                     {"scenarios", std::move(scenarios)}};
  return to_line(json, 2) + "\n";
}

std::string served_junit(const Served& served) {
  std::vector<JunitCase> cases;
  for (const auto& [name, one] : served.scenarios()) {
    JunitCase row;
    row.suite = "serve";
    row.classname = "serve." + name;
    row.name = "rounds";
    row.outcome = test_outcome(one.worst);
    row.message = std::to_string(one.trials - one.expected) + " of " + plural(one.trials, "trial") + " not as expected";
    row.type = one.unexpected.empty() ? "" : one.unexpected.begin()->first;
    row.text = plural(one.trials, "trial") + ", " + std::to_string(one.expected) + " as expected\n";
    for (const auto& [outcome, count] : one.unexpected) row.text += std::to_string(count) + " x " + outcome + "\n";
    cases.push_back(std::move(row));
  }
  return junit_xml("serve", served.host, cases);
}

}  // namespace remapstorm
