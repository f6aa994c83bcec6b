// SPDX-License-Identifier: Apache-2.0
// Results of made-up trials, judged by the real judge.
#pragma once

#include <sstream>

#include "report/report.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {

inline RunInfo sample_run(std::uint64_t repeat = 1) {
  RunInfo run;
  run.host = {"kvm-interpreting", "KVM API 12", "6.1.0", "Some CPU", "x86_64"};
  run.guest.flavour = "std";
  run.guest.kernel_version = "6.12.117";
  run.guest.hash = "0123456789abcdef";
  run.guest.strategies = {"inplace", "bbm-fault"};
  run.version = "0.1.0";
  run.started_at = "2026-11-23T04:00:00Z";
  run.repeat = repeat;
  run.output_directory = "/home/somebody/.local/state/remapstorm/runs/latest";
  return run;
}

inline TrialResult concluded(const Stream& stream, Verdict expected, std::uint64_t trial = 0) {
  RecordedPlan plan;
  plan.scenario = "irq-same-cpu";
  plan.strategy = "bbm-fault";
  plan.flavour = "std";
  plan.seed = 1;
  plan.trial = trial;
  plan.expectation.verdict = expected;
  TrialResult result = conclude(plan, judge(stream.events));
  result.duration = ms(400);
  result.directory = "irq-same-cpu/0";
  result.repeat = "./run irq-same-cpu --strategy bbm-fault --cpus 2 --memory 128M --seed 1";
  return result;
}

inline TrialResult deadlock_result(Verdict expected = Verdict::deadlock, std::uint64_t trial = 0) {
  Stream stream;
  stream.begin().self_cycle().two_looks();
  return concluded(stream, expected, trial);
}

inline TrialResult clean_result(Verdict expected = Verdict::clean, std::uint64_t trial = 0) {
  Stream stream;
  stream.begin().open().close().done();
  return concluded(stream, expected, trial);
}

inline TrialResult stall_result() {
  Stream stream;
  stream.begin().open().fire("hold", 1, 0, ms(300)).pass(300).ended("hold", 1, 0, ms(300), ms(300)).close().done();
  return concluded(stream, Verdict::stall);
}

inline TrialResult oops_result() {
  Stream stream;
  stream.begin().console("[ 1.0] BUG: unable to handle page fault for address: 0").console("[ 1.0] # of \x1b[31mlines");
  return concluded(stream, Verdict::clean);
}

inline TrialResult of_lifecycle(LifecycleEvent::What what, Verdict expected = Verdict::clean) {
  Stream stream;
  stream.begin().open().milestone(what, "detail");
  return concluded(stream, expected);
}

inline TrialResult not_run(const Error& error) { return did_not_run("irq-same-cpu", {}, error); }

inline ScenarioResults results_of(std::vector<TrialResult> trials, const std::string& name = "irq-same-cpu") {
  return {name, "what it shows", std::move(trials)};
}

// Everything that a report prints for these results, told in the order of a run.
inline std::string told(Report& report, std::ostringstream& out, const RunInfo& run,
                        const std::vector<ScenarioResults>& results) {
  report.run_begins(run, std::max(run.scenarios.size(), results.size()));
  for (const ScenarioResults& scenario : results) {
    Plan plan;
    plan.scenario = scenario.scenario;
    plan.summary = scenario.summary;
    plan.strategy = "bbm-fault";
    plan.flavour = "std";
    plan.claims = {"C1", "C2"};
    plan.cpus = 2;
    plan.memory = 128ULL << 20;
    plan.seed = 1;
    report.scenario_begins(plan);
    for (const TrialResult& trial : scenario.trials) report.trial_ended(trial);
    report.scenario_ended(scenario);
  }
  report.run_ended(run, results);
  return out.str();
}

}  // namespace remapstorm
