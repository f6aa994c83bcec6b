// SPDX-License-Identifier: Apache-2.0
// results.json, schema 2: docs/results-schema.md names every field; a test compares.
#include "results/run_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error_names.h"
#include "results/exit_code.h"
#include "results/summary_json.h"
#include "telemetry/json_fields.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {
namespace {

Json ns(Nanoseconds length) { return length.count(); }

Json lines_to_json(const std::vector<DisassembledLine>& lines) {
  Json list = Json::array();
  for (const DisassembledLine& line : lines) {
    list.push_back({{"pc", hex(line.pc.value)}, {"bytes", line.bytes}, {"text", line.text}, {"current", line.current}});
  }
  return list;
}

Json cycle_to_json(const std::vector<WaitEdge>& cycle) {
  Json list = Json::array();
  for (const WaitEdge& edge : cycle) {
    list.push_back({{"lock", hex(edge.lock.value)},
                    {"lock_name", edge.lock_name},
                    {"lock_word", edge.lock_word},
                    {"waiter_vcpu", edge.waiter_vcpu},
                    {"waiter_context", context_name(edge.waiter_context)},
                    {"waiter_pc", hex(edge.waiter_pc.value)},
                    {"waiter_symbol", edge.waiter_symbol},
                    {"waiter_caller", edge.waiter_caller},
                    {"waiting_since_ns", ns(edge.waiting_since)},
                    {"owner_vcpu", edge.owner_vcpu},
                    {"owner_context", context_name(edge.owner_context)},
                    {"owner_irqs_off", edge.owner_irqs_off},
                    {"owner_pc", hex(edge.owner_pc.value)},
                    {"owner_symbol", edge.owner_symbol},
                    {"owner_caller", edge.owner_caller},
                    {"owned_since_ns", ns(edge.owned_since)}});
  }
  return list;
}

Json samples_to_json(const Finding& finding) {
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(finding.samples.size(), finding.sample_vcpus.size()); ++i) {
    const SampleEvent& sample = finding.samples[i];
    Json frames = Json::array();
    for (const Frame& frame : sample.backtrace) {
      frames.push_back({{"pc", hex(frame.pc.value)}, {"symbol", frame.symbol}, {"offset", frame.offset}});
    }
    list.push_back({{"vcpu", finding.sample_vcpus[i]},
                    {"pc", hex(sample.pc.value)},
                    {"interrupts_enabled", sample.interrupts_enabled ? Json(*sample.interrupts_enabled) : Json()},
                    {"user_mode", sample.user_mode},
                    {"backtrace", std::move(frames)},
                    {"disassembly", lines_to_json(sample.disassembly)}});
  }
  return list;
}

Json finding_to_json(const Finding& finding) {
  Json json = {{"verdict", verdict_name(finding.verdict)},
               {"kind", finding_kind_name(finding.kind)},
               {"summary", finding.summary},
               {"detail", finding.detail},
               {"fingerprint", finding.fingerprint},
               {"seen_at_ns", ns(finding.seen_at)},
               {"proven_at_ns", ns(finding.proven_at)}};
  if (finding.verdict == Verdict::stall) {
    json["length_ns"] = ns(finding.length);
    json["imposed_ns"] = ns(finding.imposed);
    json["starved_ns"] = ns(finding.starved);
  }
  if (!finding.console_excerpt.empty()) json["console"] = finding.console_excerpt;
  if (finding.verdict != Verdict::deadlock) return json;
  json["cycle"] = cycle_to_json(finding.cycle);
  json["samples"] = samples_to_json(finding);
  if (finding.injection) {
    const InjectionPoint& point = *finding.injection;
    json["injection"] = {{"time_ns", ns(point.time)},        {"rule", point.rule},
                         {"injector", point.injector},       {"token", point.token},
                         {"target_vcpu", point.target_vcpu}, {"detail", point.detail},
                         {"pc", hex(point.pc.value)},        {"where", point.where},
                         {"symbol", point.symbol},           {"disassembly", lines_to_json(point.disassembly)}};
    json["injection_to_proof_ns"] = ns(finding.proven_at - point.time);
  }
  return json;
}

Json statistics_to_json(const TrialStatistics& statistics) {
  Json lengths = Json::object();
  for (const auto& [injector, error] : statistics.injector_lengths) {
    lengths[injector] = {{"count", error.count},
                         {"requested_max_ns", ns(error.requested_max)},
                         {"measured_max_ns", ns(error.measured_max)},
                         {"error_max_ns", ns(error.error_max)}};
  }
  Json json = {{"probes", statistics.probes},
               {"faults",
                {{"task", statistics.faults[0]},
                 {"softirq", statistics.faults[1]},
                 {"hardirq", statistics.faults[2]},
                 {"nmi", statistics.faults[3]}}},
               {"fault_functions", statistics.fault_functions},
               {"windows_opened", statistics.windows_opened},
               {"windows_closed", statistics.windows_closed},
               {"windows", summary_to_json(statistics.windows)},
               {"fault_waits", summary_to_json(statistics.fault_waits)},
               {"lock_waits", summary_to_json(statistics.lock_waits)},
               {"lock_holds", summary_to_json(statistics.lock_holds)},
               {"injections", statistics.injections},
               {"rule_firings", statistics.rule_firings},
               {"injections_answered", statistics.injections_answered},
               {"delivery", summary_to_json(statistics.delivery)},
               {"injector_lengths", std::move(lengths)}};
  // Of a recording that does not tell how long entries were invalid.
  if (statistics.break_to_make.count != 0) json["break_to_make"] = summary_to_json(statistics.break_to_make);
  return json;
}

Json run_trial_to_json(const TrialResult& trial) {
  Json findings = Json::array();
  for (const Finding& finding : trial.judgement.findings) findings.push_back(finding_to_json(finding));
  Json json = {{"scenario", trial.scenario},
               {"strategy", trial.strategy},
               {"flavour", trial.flavour},
               {"trial", trial.trial},
               {"attempt", trial.attempt},
               {"seed", hex(trial.seed)},
               {"expected", verdict_name(trial.expected)},
               {"verdict", trial.verdict ? Json(verdict_name(*trial.verdict)) : Json(nullptr)},
               {"ok", trial.ok},
               {"exit_code", exit_code(trial)},
               {"interrupted", trial.interrupted},
               {"booted", trial.booted},
               {"boot_ns", ns(trial.boot_time)},
               {"duration_ns", ns(trial.duration)},
               {"reasons", trial.reasons},
               {"differences", trial.differences},
               {"notes", trial.judgement.notes},
               {"error", nullptr},
               {"directory", trial.directory},
               {"repeat", trial.repeat},
               {"scenario_sha256", trial.scenario_sha256},
               {"vmlinux_sha256", trial.vmlinux_sha256},
               {"evidence", {{"findings", std::move(findings)}, {"statistics", nullptr}}}};
  if (trial.error) {
    json["error"] = {
        {"kind", error_kind_name(trial.error->kind)}, {"message", trial.error->message}, {"hint", trial.error->hint}};
  }
  if (trial.verdict) json["evidence"]["statistics"] = statistics_to_json(trial.judgement.statistics);
  return json;
}

}  // namespace

std::string results_json(const RunInfo& run, std::span<const ScenarioResults> results) {
  Json list = Json::array();
  std::uint64_t trials = 0, as_expected = 0, not_run = 0;
  for (const ScenarioResults& scenario : results) {
    for (const TrialResult& trial : scenario.trials) {
      list.push_back(run_trial_to_json(trial));
      ++trials;
      if (trial.ok) ++as_expected;
      if (!trial.verdict) ++not_run;
    }
  }
  const Json json = {{"schema", kResultsSchema},
                     {"remapstorm", {{"version", run.version}, {"started_at", run.started_at}, {"repeat", run.repeat}}},
                     {"host",
                      {{"kind", run.host.kind},
                       {"architecture", run.host.architecture},
                       {"kernel", run.host.kernel},
                       {"cpu", run.host.cpu},
                       {"kvm", run.host.kvm},
                       {"slowness", run.host.slowness}}},
                     {"guest",
                      {{"flavour", run.guest.flavour},
                       {"kernel_version", run.guest.kernel_version},
                       {"hash", run.guest.hash},
                       {"config_sha256", run.guest.config_sha256},
                       {"series_sha256", run.guest.series_sha256},
                       {"vmlinux_sha256", run.guest.vmlinux_sha256},
                       {"initramfs_sha256", run.guest.initramfs_sha256},
                       {"cmdline_sha256", run.guest.cmdline_sha256},
                       {"strategies", run.guest.strategies}}},
                     {"summary",
                      {{"trials", trials},
                       {"as_expected", as_expected},
                       {"not_run", not_run},
                       {"exit_code", exit_code(results)},
                       {"interrupted", run.interrupted}}},
                     {"results", std::move(list)}};
  return to_line(json, 2) + "\n";
}

}  // namespace remapstorm
