// SPDX-License-Identifier: Apache-2.0
// KTAP version 1 (Linux Documentation/dev-tools/ktap.rst). One test per scenario; with --repeat its trials are
// subtests.
#include <algorithm>
#include <set>
#include <string>

#include "report/text.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

std::string first_reason(const TrialResult& trial) {
  if (!trial.differences.empty()) return trial.differences.front();
  return trial.reasons.empty() ? std::string{} : trial.reasons.front();
}

std::string result_line(const std::string& indent, std::size_t number, const std::string& name,
                        const TrialResult& trial) {
  return indent + ktap_result(test_outcome(exit_code(trial)), number, name, first_reason(trial));
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

// As the folders of trials are called, behind the name of the scenario: whoever flattens the tree sees the leaves
// alone.
std::string trial_name(const std::string& scenario, const TrialResult& trial) {
  const std::string name = scenario + ".trial-" + std::to_string(trial.trial);
  return trial.attempt > 1 ? name + "-again-" + std::to_string(trial.attempt) : name;
}

// What was not reached is there and has failed: a reader must not take its absence for success.
std::string not_reached(const std::string& indent, std::size_t number, const std::string& name) {
  return indent + ktap_result(TestOutcome::error, number, name, "not run");
}

std::string trials_not_reached(const RunInfo& run, const ScenarioResults& results, const std::string& name,
                               std::uint64_t planned) {
  std::string text;
  for (std::size_t i = results.trials.size(); i < planned; ++i) {
    TrialResult missing;
    missing.trial = run.one_trial ? results.trials.front().trial : i;
    missing.attempt = run.one_trial ? i + 1 : 1;
    text += not_reached("  ", i + 1, trial_name(name, missing));
  }
  return text;
}

// Numbers tests and tells those of the same name apart: "irq-same-cpu-2".
class KtapTests {
 public:
  std::string scenario(const RunInfo& run, const ScenarioResults& results) {
    const std::string name = unique(results.scenario);
    const std::size_t number = ++count_;
    if (results.trials.empty()) return ktap_result(TestOutcome::error, number, name, "no trial ran");
    // A scenario that did not run has no subtests to speak of.
    const bool not_run = results.trials.size() == 1 && !results.trials.front().verdict;
    if (run.repeat <= 1 || not_run) {
      const TrialResult& only = results.trials.front();
      return diagnostics("", only) + result_line("", number, name, only);
    }
    return trials(run, results, name) + result(run, results, number, name);
  }
  std::string not_reached_of(const RunInfo& run) {
    std::string text;
    while (count_ < run.scenarios.size()) {
      const std::string name = unique(run.scenarios[count_]);
      text += not_reached("", ++count_, name);
    }
    return text;
  }

 private:
  std::string unique(const std::string& name) {
    std::string result = name;
    for (unsigned number = 2; !names_.insert(result).second; ++number) result = name + "-" + std::to_string(number);
    return result;
  }
  static std::uint64_t planned(const RunInfo& run, const ScenarioResults& results) {
    return results.planned != 0 ? results.planned : run.repeat;
  }
  static std::string trials(const RunInfo& run, const ScenarioResults& results, const std::string& name) {
    // kunit.py takes the name of a level from its "# Subtest:" line.
    std::string text =
        "  KTAP version 1\n  # Subtest: " + ktap_text(name) + "\n  1.." + std::to_string(planned(run, results)) + "\n";
    for (std::size_t i = 0; i < results.trials.size(); ++i) {
      const TrialResult& trial = results.trials[i];
      text += diagnostics("  ", trial) + result_line("  ", i + 1, trial_name(name, trial), trial);
    }
    text += trials_not_reached(run, results, name, planned(run, results));
    const std::string repeated = repeated_line(results);
    return repeated.empty() ? text : text + "# " + ktap_text(repeated) + "\n";
  }
  static std::string result(const RunInfo& run, const ScenarioResults& results, std::size_t number,
                            const std::string& name) {
    const int worst_code = exit_code(std::span(&results, 1));
    if (results.trials.size() < planned(run, results) && worst_code == kExitOk) return not_reached("", number, name);
    const auto worst = std::find_if(results.trials.begin(), results.trials.end(),
                                    [&](const TrialResult& trial) { return exit_code(trial) == worst_code; });
    return result_line("", number, name, *worst);
  }

  std::size_t count_ = 0;
  std::set<std::string> names_;
};

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
  void scenario_ended(const ScenarioResults& results) override { out_ << tests_.scenario(run_, results) << std::flush; }
  void run_ended(const RunInfo&, std::span<const ScenarioResults> results) override {
    out_ << tests_.not_reached_of(run_) << "# " << ktap_text(summary_line(results)) << "\n" << std::flush;
  }

 private:
  std::ostream& out_;
  RunInfo run_;
  KtapTests tests_;
};

}  // namespace

std::unique_ptr<Report> make_ktap_report(std::ostream& out) { return std::make_unique<KtapReport>(out); }

std::string results_ktap(const RunInfo& run, std::span<const ScenarioResults> results) {
  std::string text = header(run, std::max(run.scenarios.size(), results.size()));
  KtapTests tests;
  for (const ScenarioResults& scenario : results) text += tests.scenario(run, scenario);
  return text + tests.not_reached_of(run) + "# " + ktap_text(summary_line(results)) + "\n";
}

}  // namespace remapstorm
