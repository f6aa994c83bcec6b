// SPDX-License-Identifier: Apache-2.0
// JUnit of a run: suite (scenario) > class (scenario, strategy, flavour) > trial. Trials are called as their folders
// are.
#include "report/junit.h"
#include "report/report.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

std::string lines_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

JunitCase case_of(const TrialResult& trial) {
  JunitCase one;
  one.suite = trial.scenario;
  one.classname = trial.scenario + "." + trial.strategy + "." + trial.flavour;
  one.name = "trial-" + std::to_string(trial.trial);
  one.outcome = test_outcome(exit_code(trial));
  one.seconds = in_seconds(trial.duration);
  if (one.outcome == TestOutcome::passed) return one;
  const std::vector<std::string>& why = trial.differences.empty() ? trial.reasons : trial.differences;
  one.message = why.empty() ? "" : why.front();
  if (!trial.verdict) one.message = "not run: " + one.message;
  one.type = trial.verdict ? verdict_name(*trial.verdict) : "not run";
  one.text = lines_of(trial.reasons) + lines_of(trial.differences);
  if (!trial.judgement.findings.empty()) one.text += lines_of(trial.judgement.findings.front().detail);
  if (trial.error && !trial.error->hint.empty()) one.text += "HINT: " + trial.error->hint + "\n";
  if (!trial.repeat.empty()) one.text += "repeat it: " + trial.repeat + "\n";
  return one;
}

JunitCase not_reached(const std::string& scenario, std::uint64_t trial) {
  JunitCase one;
  one.suite = scenario;
  one.classname = scenario;
  one.name = "trial-" + std::to_string(trial);
  one.outcome = TestOutcome::error;
  one.message = "not run: the run ended before it";
  one.type = "not run";
  return one;
}

}  // namespace

std::string results_junit(const RunInfo& run, std::span<const ScenarioResults> results) {
  std::vector<JunitCase> cases;
  for (const ScenarioResults& scenario : results) {
    for (const TrialResult& trial : scenario.trials) cases.push_back(case_of(trial));
    const bool not_run = scenario.trials.size() == 1 && !scenario.trials.front().verdict;
    const std::uint64_t planned = scenario.planned != 0 ? scenario.planned : run.repeat;
    for (std::uint64_t i = scenario.trials.size(); i < planned && !not_run; ++i) {
      cases.push_back(not_reached(scenario.scenario, i));
    }
  }
  for (std::size_t i = results.size(); i < run.scenarios.size(); ++i) cases.push_back(not_reached(run.scenarios[i], 0));
  const std::string host =
      run.host.kind.empty() ? "" : run.host.kind + ", Linux " + run.host.kernel + ", " + run.host.cpu;
  return junit_xml("run", host, cases);
}

}  // namespace remapstorm
