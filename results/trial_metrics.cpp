// SPDX-License-Identifier: Apache-2.0
#include "results/trial_metrics.h"

#include "base/build_id.h"
#include "base/error_names.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

constexpr std::size_t kShownDigits = 12;  // of a hash
constexpr std::string_view kNotRun = "not-run";
constexpr Verdict kVerdicts[] = {Verdict::clean,   Verdict::deadlock, Verdict::stall,       Verdict::oops,
                                 Verdict::lockdep, Verdict::bug,      Verdict::lost_update, Verdict::hang,
                                 Verdict::timeout, Verdict::error};
constexpr std::string_view kErrorKinds[] = {"usage", "unavailable", "host", "guest", "internal"};

// Of a trial that is no result of the guest; the same distinction as that of the exit code.
std::string_view error_kind(const TrialResult& trial) {
  if (trial.error) return error_kind_name(trial.error->kind);
  return error_kind_name(kind_of_trouble(trial.judgement));
}

}  // namespace

TrialLabels trial_labels(const Plan& plan) { return {plan.scenario, plan.strategy, plan.flavour, plan.host.kind}; }

void describe_program(Metrics& metrics, const std::string& version, std::int64_t started) {
  metrics.set(Metric::build_info, {version, build_id().substr(0, kShownDigits)}, 1);
  metrics.set(Metric::start_time, {}, static_cast<double>(started));
  for (const char* way : {"textfile", "push"}) metrics.add(Metric::metrics_failures, {way}, 0);
}

void describe_plan(Metrics& metrics, const Plan& plan) {
  metrics.set(Metric::host_info, {plan.host.kind, plan.host.architecture, plan.host.cpu, plan.host.kernel}, 1);
  metrics.set(Metric::guest_info, {plan.flavour, plan.guest.kernel_version, plan.guest.hash.substr(0, kShownDigits)},
              1);
  const TrialLabels labels = trial_labels(plan);
  for (const Verdict verdict : kVerdicts) metrics.add(Metric::trials, labels.with({verdict_name(verdict), "no"}), 0);
  metrics.add(Metric::trials, labels.with({kNotRun, "no"}), 0);
  metrics.add(Metric::trials, labels.with({verdict_name(plan.expectation.verdict), "yes"}), 0);
  for (const std::string_view kind : kErrorKinds) metrics.add(Metric::trial_errors, labels.with({kind}), 0);
  metrics.add(Metric::events_dropped, labels.with(), 0);
  // A series that begins with its first injection would hide that one from increase().
  for (const Rule& rule : plan.rules) {
    const ProbeInfo* probe = rule.when.pattern.probe ? probe_by_number(*rule.when.pattern.probe) : nullptr;
    const std::string_view trigger = probe != nullptr ? probe->name : kInstruction;
    metrics.add(Metric::injections, labels.with({rule.action.injector, trigger}), 0);
  }
}

void fold_explored(Metrics& metrics, const Clock& clock, const TrialLabels& labels, std::span<const Event> events,
                   Nanoseconds opened) {
  const Nanoseconds began = clock.now();
  TrialFold fold(labels);
  bool before = true;
  for (const Event& event : events) {
    // The plan is logged first, but of this trial.
    if (before && event.time >= opened && !std::holds_alternative<PlanEvent>(event.body)) {
      fold.gathered().clear();
      before = false;
    }
    fold.fold(event);
  }
  fold.finish();
  metrics.take(fold.gathered());
  metrics.add(Metric::cpu, labels.with({"metrics"}), in_seconds(clock.now() - began));
}

void TrialCounter::ended(const TrialLabels& labels, std::string_view verdict, std::string_view expected,
                         std::int64_t now) {
  metrics_.add(Metric::trials, labels.with({verdict, expected}));
  metrics_.set(Metric::last_trial, labels.with(), static_cast<double>(now));
  const double elapsed = in_seconds(clock_.now() - began_);
  if (elapsed > 0) metrics_.set(Metric::trials_per_second, {}, static_cast<double>(++ended_) / elapsed);
}

void TrialCounter::count(const TrialLabels& labels, const TrialResult& trial, std::int64_t now) {
  ended(labels, trial.verdict ? verdict_name(*trial.verdict) : kNotRun, trial.ok ? "yes" : "no", now);
  if (trial.error || !trial.verdict || *trial.verdict == Verdict::error) {
    metrics_.add(Metric::trial_errors, labels.with({error_kind(trial)}));
  }
  count(labels, trial.judgement.findings);
  if (trial.boot_time == Nanoseconds(0)) return;  // it never was ready
  metrics_.observe(Metric::guest_boot, labels.with({trial.booted ? "boot" : "snapshot"}), in_seconds(trial.boot_time));
  metrics_.observe(Metric::trial_duration, labels.with(), in_seconds(trial.duration));
}

void TrialCounter::count(const TrialLabels& labels, const ExploredTrial& trial, std::span<const Event> events,
                         std::int64_t now) {
  ended(labels, verdict_name(trial.verdict), "yes", now);
  metrics_.observe(Metric::trial_duration, labels.with(), in_seconds(trial.duration));
  // What the explorer's own judge found is in the events: its limits are in the plan.
  const auto* plan = events.empty() ? nullptr : std::get_if<PlanEvent>(&events.front().body);
  if (plan == nullptr) return;
  const Result<RecordedPlan> recorded = read_recorded_plan(plan->json);
  if (recorded.ok()) count(labels, judge(events, JudgeOptions{recorded->limits.stall_threshold}).findings);
}

void TrialCounter::count(const TrialLabels& labels, std::span<const Finding> findings) {
  for (const Finding& finding : findings) {
    metrics_.add(Metric::findings, labels.with({verdict_name(finding.verdict), finding_kind_name(finding.kind)}));
  }
}

void TrialCounter::count(const TrialLabels& labels, const SkippedPoint&) {
  metrics_.add(Metric::trial_errors, labels.with({"host"}));
}

}  // namespace remapstorm
