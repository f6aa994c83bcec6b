// SPDX-License-Identifier: Apache-2.0
#include "base/plural.h"
#include "report/junit.h"
#include "report/plain_lines.h"
#include "report/soak.h"

namespace remapstorm {
namespace {

JunitCase soak_case(const std::string& strategy, const std::string& name) {
  JunitCase one;
  one.suite = "soak";
  one.classname = "soak." + strategy;
  one.name = name;
  return one;
}

// Thousands of clean trials are one case; the others have their own.
JunitCase strategy_case(const Soak& soak, const std::string& strategy, const SoakCounts& counts) {
  JunitCase one = soak_case(strategy, "no-false-alarm");
  one.text = plural(counts.all(), "control trial") + ", " + std::to_string(counts.clean) + " clean";
  if (counts.false_alarms != 0) {
    one.outcome = TestOutcome::failed;
    one.message = plural(counts.false_alarms, "false alarm") + " in " + plural(counts.all(), "trial");
  } else if (counts.failed != 0 || soak.interrupted) {
    one.outcome = TestOutcome::error;
    one.message = counts.failed != 0 ? plural(counts.failed, "trial") + " without a verdict"
                                     : "stopped by a signal after " + plural(counts.all(), "trial");
  }
  return one;
}

void add_trial_cases(std::vector<JunitCase>& cases, const std::vector<SoakTrial>& trials, TestOutcome outcome) {
  for (const SoakTrial& trial : trials) {
    JunitCase one = soak_case(trial.strategy, "trial-" + std::to_string(trial.number));
    one.outcome = outcome;
    one.message = trial.reason;
    one.type = verdict_name(trial.verdict);
    one.text = "repeat it: " + trial.repeat;
    cases.push_back(std::move(one));
  }
}

}  // namespace

std::string soak_junit(const Soak& soak) {
  std::vector<JunitCase> cases;
  for (const auto& [strategy, counts] : soak.counts) cases.push_back(strategy_case(soak, strategy, counts));
  for (const auto& [what, why] : soak.not_run) {
    JunitCase one = soak_case(what, "no-false-alarm");
    one.outcome = test_outcome(exit_code_of(why.kind));
    one.message = "not run: " + why.message;
    one.type = "not run";
    cases.push_back(std::move(one));
  }
  for (const auto& [host, code] : soak.codes_elsewhere) {
    JunitCase one = soak_case(host, "no-false-alarm");
    one.outcome = test_outcome(code);
    one.message = one.text = soak.elsewhere.at(host);
    cases.push_back(std::move(one));
  }
  add_trial_cases(cases, soak.false_alarms, TestOutcome::failed);
  add_trial_cases(cases, soak.failed, TestOutcome::error);
  return junit_xml("soak", soak.host.kind, cases);
}

}  // namespace remapstorm
