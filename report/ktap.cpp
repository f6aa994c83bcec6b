// SPDX-License-Identifier: Apache-2.0
// KTAP version 1 (Linux Documentation/dev-tools/ktap.rst). One test per scenario; with --repeat its trials are
// subtests.
#include <algorithm>
#include <string>

#include "report/exit_code.h"
#include "report/text.h"

namespace remapstorm {
namespace {

std::string first_reason(const TrialResult& trial) {
  if (!trial.differences.empty()) return trial.differences.front();
  return trial.reasons.empty() ? std::string{} : trial.reasons.front();
}

// Everything behind the name; `ok` is set.
std::string directive(const TrialResult& trial, bool& ok) {
  const int code = exit_code(trial);
  ok = code == kExitOk || code == kExitUnavailable;
  switch (code) {
    case kExitOk:
    case kExitDiffers:
      return {};
    case kExitUnavailable:
      return " # SKIP " + ktap_text(first_reason(trial));
    case kExitTimeout:
      return " # TIMEOUT " + ktap_text(first_reason(trial));
    default:
      return " # ERROR " + ktap_text(first_reason(trial));
  }
}

std::string result_line(const std::string& indent, std::size_t number, const std::string& name,
                        const TrialResult& trial) {
  bool ok = false;
  const std::string rest = directive(trial, ok);
  return indent + (ok ? "ok " : "not ok ") + std::to_string(number) + " " + ktap_text(name) + rest + "\n";
}

std::string diagnostics(const std::string& indent, const TrialResult& trial) {
  std::string text;
  const auto add = [&](const std::string& line) { text += indent + "# " + ktap_text(line) + "\n"; };
  add(trial.scenario + ", strategy " + trial.strategy + ", flavour " + trial.flavour + ": expected " +
      std::string(verdict_name(trial.expected)) + ", got " +
      (trial.verdict ? std::string(verdict_name(*trial.verdict)) : std::string("nothing: it did not run")));
  for (const std::string& reason : trial.reasons) add(reason);
  for (const std::string& difference : trial.differences) add("not as expected: " + difference);
  if (!trial.judgement.findings.empty()) {
    for (const std::string& line : trial.judgement.findings.front().detail) add(line);
  }
  if (trial.error && !trial.error->hint.empty()) add("HINT: " + trial.error->hint);
  if (!trial.ok && !trial.repeat.empty()) add("repeat it: " + trial.repeat);
  return text;
}

std::string trial_name(const TrialResult& trial) {
  const std::string name = "trial-" + std::to_string(trial.trial + 1);
  return trial.attempt > 1 ? name + "-again-" + std::to_string(trial.attempt) : name;
}

// What was not reached is there and has failed: a reader must not take its absence for success.
std::string not_reached(const std::string& indent, std::size_t number, const std::string& name) {
  return indent + "not ok " + std::to_string(number) + " " + ktap_text(name) + " # ERROR not run\n";
}

std::string trials_not_reached(const RunInfo& run, const ScenarioResults& results, std::uint64_t planned) {
  std::string text;
  for (std::size_t i = results.trials.size(); i < planned; ++i) {
    TrialResult missing;
    missing.trial = run.one_trial ? results.trials.front().trial : i;
    missing.attempt = run.one_trial ? i + 1 : 1;
    text += not_reached("  ", i + 1, trial_name(missing));
  }
  return text;
}

std::string scenarios_not_reached(const RunInfo& run, std::size_t reached) {
  std::string text;
  for (std::size_t i = reached; i < run.scenarios.size(); ++i) text += not_reached("", i + 1, run.scenarios[i]);
  return text;
}

std::string scenario_text(const RunInfo& run, const ScenarioResults& results, std::size_t number) {
  // A scenario that did not run has no subtests to speak of.
  const bool not_run = results.trials.size() == 1 && !results.trials.front().verdict;
  if (results.trials.empty()) {
    return "not ok " + std::to_string(number) + " " + ktap_text(results.scenario) + " # ERROR no trial ran\n";
  }
  if (run.repeat <= 1 || not_run) {
    const TrialResult& only = results.trials.front();
    return diagnostics("", only) + result_line("", number, results.scenario, only);
  }
  const std::uint64_t planned = results.planned != 0 ? results.planned : run.repeat;
  std::string text = "  KTAP version 1\n  1.." + std::to_string(planned) + "\n";
  const TrialResult* worst = &results.trials.front();
  const int worst_code = exit_code(std::span(&results, 1));
  for (std::size_t i = 0; i < results.trials.size(); ++i) {
    const TrialResult& trial = results.trials[i];
    text += diagnostics("  ", trial) + result_line("  ", i + 1, trial_name(trial), trial);
    if (exit_code(*worst) != worst_code && exit_code(trial) == worst_code) worst = &trial;
  }
  text += trials_not_reached(run, results, planned);
  if (const std::string repeated = repeated_line(results); !repeated.empty()) text += "# " + ktap_text(repeated) + "\n";
  if (results.trials.size() < planned && worst_code == kExitOk) return text + not_reached("", number, results.scenario);
  return text + result_line("", number, results.scenario, *worst);
}

std::string header(const RunInfo& run, std::size_t scenarios) {
  std::string text = "KTAP version 1\n1.." + std::to_string(scenarios) + "\n";
  text += "# remapstorm " + ktap_text(run.version) + ", host " + ktap_text(run.host.kind) + " " +
          ktap_text(run.host.architecture) + ", guest " + ktap_text(run.guest.flavour) + " Linux " +
          ktap_text(run.guest.kernel_version) + "\n";
  return text;
}

class KtapReport final : public Report {
 public:
  explicit KtapReport(std::ostream& out) : out_(out) {}
  void run_begins(const RunInfo& run, std::size_t scenarios) override {
    run_ = run;
    out_ << header(run, scenarios) << std::flush;
  }
  void scenario_begins(const Plan&) override {}
  void trial_ended(const TrialResult&) override {}
  void scenario_ended(const ScenarioResults& results) override {
    out_ << scenario_text(run_, results, ++count_) << std::flush;
  }
  void run_ended(const RunInfo&, std::span<const ScenarioResults> results) override {
    out_ << scenarios_not_reached(run_, count_) << "# " << ktap_text(summary_line(results)) << "\n" << std::flush;
  }

 private:
  std::ostream& out_;
  RunInfo run_;
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<Report> make_ktap_report(std::ostream& out) { return std::make_unique<KtapReport>(out); }

std::string results_ktap(const RunInfo& run, std::span<const ScenarioResults> results) {
  std::string text = header(run, std::max(run.scenarios.size(), results.size()));
  std::size_t number = 0;
  for (const ScenarioResults& scenario : results) text += scenario_text(run, scenario, ++number);
  return text + scenarios_not_reached(run, number) + "# " + ktap_text(summary_line(results)) + "\n";
}

}  // namespace remapstorm
