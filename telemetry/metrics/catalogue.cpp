// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/catalogue.h"

#include <array>
#include <initializer_list>

#include "base/check.h"

namespace remapstorm {
namespace {

using Labels = std::vector<std::string_view>;
using enum MetricType;

// Lengths inside a guest, from a window of a microsecond on hardware to a vCPU that stood still for seconds: 1-2-5.
constexpr std::array kLengths = {1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3,
                                 5e-3, 0.01, 0.02, 0.05, 0.1,  0.2,  0.5,  1.0,  2.0,  5.0,  10.0};
constexpr std::array kTrials = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0};
// From a snapshot some tens of milliseconds; a boot from a second to minutes.
constexpr std::array kBoots = {0.005, 0.01, 0.02, 0.05, 0.1,  0.2,  0.5,   1.0,
                               2.0,   5.0,  10.0, 20.0, 30.0, 60.0, 120.0, 180.0};

// The labels of everything that is about trials, and more.
Labels of_trial(std::initializer_list<std::string_view> more = {}) {
  Labels labels = {"scenario", "strategy", "flavour", "host"};
  labels.insert(labels.end(), more);
  return labels;
}

std::vector<MetricInfo> make_table() {
  using enum Metric;
  return {
      {build_info,
       "remapstorm_build_info",
       gauge,
       {"version", "build"},
       {},
       "Which remapstorm this is; always 1.",
       "the program"},
      {host_info,
       "remapstorm_host_info",
       gauge,
       {"host", "architecture", "cpu", "kernel"},
       {},
       "The machine it runs on; always 1.",
       "the host, measured when the program started"},
      {guest_info,
       "remapstorm_guest_info",
       gauge,
       {"flavour", "kernel", "image"},
       {},
       "The guest images in use; always 1.",
       "the image's manifest"},
      {start_time,
       "remapstorm_start_time_seconds",
       gauge,
       {},
       {},
       "When this process began, in seconds since 1970.",
       "the program"},

      {trials,
       "remapstorm_trials_total",
       counter,
       of_trial({"verdict", "expected"}),
       {},
       "Trials that ended, by verdict and whether it was the expected one.",
       "trial results"},
      {trials_per_second,
       "remapstorm_trials_per_second",
       gauge,
       {},
       {},
       "Trials that ended, divided by the time since the command began; over a window of time, take "
       "rate(remapstorm_trials_total).",
       "trial results"},
      {trial_duration, "remapstorm_trial_seconds", histogram, of_trial(), kTrials,
       "Length of a trial, from its ready doorbell to its end, host time.", "trial results"},
      {trial_errors,
       "remapstorm_trial_errors_total",
       counter,
       of_trial({"kind"}),
       {},
       "Trials that failed for a reason of the harness or the host.",
       "trial results"},
      {last_trial,
       "remapstorm_last_trial_timestamp_seconds",
       gauge,
       of_trial(),
       {},
       "When a trial of this scenario ended last, in seconds since 1970.",
       "trial results"},
      {guest_boot, "remapstorm_guest_boot_seconds", histogram, of_trial({"start"}), kBoots,
       "Time until the guest was at its ready doorbell, by booting or from a snapshot, host time.", "trial results"},
      {resets,
       "remapstorm_resets_total",
       counter,
       of_trial({"how"}),
       {},
       "Guests set back to a snapshot, in place or by restoring it into a new machine.",
       "lifecycle and reset events"},
      {reset_duration, "remapstorm_reset_seconds", histogram, of_trial(), kLengths,
       "Length of a reset in place, host time.", "reset events"},

      {injections,
       "remapstorm_injections_total",
       counter,
       of_trial({"kind", "trigger"}),
       {},
       "Injections that were made, by what was injected and where it was triggered.",
       "receipt events (fired), and the hit before each; merged interrupts are not counted"},
      {injections_merged,
       "remapstorm_injections_merged_total",
       counter,
       of_trial({"kind"}),
       {},
       "Interrupts that came while one of their kind was pending: the guest sees one.",
       "receipt events"},
      {injections_failed,
       "remapstorm_injections_failed_total",
       counter,
       of_trial({"kind"}),
       {},
       "Injections that could not be made or did not end as they should.",
       "receipt events (failed)"},
      {injections_answered,
       "remapstorm_injections_answered_total",
       counter,
       of_trial({"kind"}),
       {},
       "Interrupts whose handler ran to its end.",
       "inject.leave probes with a token of ours"},
      {delivery, "remapstorm_injection_delivery_seconds", histogram, of_trial({"kind"}), kLengths,
       "From the injection to the first probe in its handler, host time.",
       "receipt events and inject.enter probes; known when the trial ends"},
      {hold_requested, "remapstorm_hold_requested_seconds", histogram, of_trial({"vcpu"}), kLengths,
       "Length asked for each hold of a vCPU; holds until a condition are not in it.", "receipt events (fired)"},
      {hold_served, "remapstorm_hold_served_seconds", histogram, of_trial({"vcpu"}), kLengths,
       "Measured length of each hold of a vCPU: the stall that the harness imposed, host time.",
       "receipt events (ended)"},
      {delay_requested, "remapstorm_stage2_delay_requested_seconds", histogram, of_trial(), kLengths,
       "Length asked for each stage-2 delay.", "receipt events (fired)"},
      {delay_served, "remapstorm_stage2_delay_served_seconds", histogram, of_trial(), kLengths,
       "Measured length of each stage-2 delay that somebody ran into, host time.", "receipt events (ended)"},
      {delay_error, "remapstorm_stage2_delay_error_seconds", histogram, of_trial(), kLengths,
       "Difference between the measured and the requested length of a stage-2 delay, without its sign.",
       "receipt events (ended)"},

      {windows_opened,
       "remapstorm_windows_opened_total",
       counter,
       of_trial({"level"}),
       {},
       "Entries whose change began; with strategy inplace they are never invalid.",
       "bbm.break probes"},
      {window, "remapstorm_window_seconds", histogram, of_trial({"level", "injected"}), kLengths,
       "How long an entry was invalid, from the store that cleared it to the one that set it, guest time.",
       "bbm.window probes"},
      {remap, "remapstorm_remap_seconds", histogram, of_trial({"direction", "phase", "injected"}), kLengths,
       "Time that each remap spent in each phase, guest time. phase=\"total\" is the whole; the others add up to it.",
       "remap.begin to remap.end; lock, flush and bbm.window probes of the same vCPU and context in between"},
      {faults,
       "remapstorm_vmemmap_faults_total",
       counter,
       of_trial({"context"}),
       {},
       "Faults on a vmemmap entry under change, by the context they were taken in.",
       "fault.enter probes"},
      {fault_duration, "remapstorm_vmemmap_fault_seconds", histogram, of_trial({"context", "injected"}), kLengths,
       "Length of a fault on the vmemmap, guest time.", "fault.enter and fault.done probes"},
      {lock_wait, "remapstorm_lock_wait_seconds", histogram, of_trial({"context", "lock", "injected"}), kLengths,
       "How long a lock was waited for, guest time.", "lock.want and lock.got probes"},
      {lock_hold, "remapstorm_lock_hold_seconds", histogram, of_trial({"context", "lock", "injected"}), kLengths,
       "How long a lock was held, guest time.", "lock.got and lock.drop probes"},

      {vcpu_stall, "remapstorm_vcpu_stall_seconds", histogram, of_trial({"vcpu", "injected"}), kLengths,
       "Time in which a vCPU could not go on because it waited for a lock, in a fault on the vmemmap from the fault's "
       "first probe on, guest time. Waits that never end are findings.",
       "fault.enter, fault.done, lock.want and lock.got probes"},
      {vcpu_longest_stall,
       "remapstorm_vcpu_longest_stall_seconds",
       highest,
       of_trial({"vcpu", "injected"}),
       {},
       "The longest such stall since the process began, guest time.",
       "the same"},
      {vcpu_host_wait,
       "remapstorm_vcpu_host_wait_seconds_total",
       counter,
       of_trial({"vcpu"}),
       {},
       "Time in which a vCPU was ready to run and the host ran other work.",
       "host-wait events"},
      {vcpu_time,
       "remapstorm_vcpu_seconds_total",
       counter,
       of_trial({"vcpu", "where"}),
       {},
       "Time of each vCPU's thread: in the guest, in the harness (stops), or waiting to be let into the guest.",
       "usage events"},
      {vm_exits,
       "remapstorm_vm_exits_total",
       counter,
       of_trial({"reason"}),
       {},
       "Returns from KVM_RUN, by reason.",
       "usage events"},
      {cpu,
       "remapstorm_cpu_seconds_total",
       counter,
       of_trial({"where"}),
       {},
       "Processor time of trials: of vCPU threads inside and outside KVM_RUN, of the thread that watches, and of that "
       "spent on these metrics. Everything but where=\"guest\" is the harness's own overhead.",
       "usage events, and the metrics' own clock; outside KVM_RUN is elapsed time, an upper bound"},

      {findings,
       "remapstorm_findings_total",
       counter,
       of_trial({"verdict", "class"}),
       {},
       "Findings of the detectors, by kind.",
       "the judgement of each trial"},
      {probe_events,
       "remapstorm_probe_events_total",
       counter,
       of_trial({"probe"}),
       {},
       "Entries that guests wrote into their logs.",
       "probe events"},
      {events, "remapstorm_events_total", counter, of_trial({"type"}), {}, "Events of trials, by type.", "all events"},
      {events_dropped,
       "remapstorm_events_dropped_total",
       counter,
       of_trial(),
       {},
       "Events that a recording left out because it had reached its size limit.",
       "the recording"},

      {metrics_failures,
       "remapstorm_metrics_failures_total",
       counter,
       {"way"},
       {},
       "Times that these metrics could not be written to their textfile or pushed.",
       "the program"},
      {serve_rounds, "remapstorm_serve_rounds_total", counter, {}, {}, "Rounds that `serve` finished.", "serve"},
      {serve_kept_runs,
       "remapstorm_serve_kept_rounds",
       gauge,
       {},
       {},
       "Rounds whose results `serve` has on disk.",
       "serve"},
      {serve_kept_bytes,
       "remapstorm_serve_kept_bytes",
       gauge,
       {},
       {},
       "Size of the results that `serve` has on disk.",
       "serve"},
  };
}

struct LabelMeaning {
  std::string_view label;
  std::string_view meaning;
};
constexpr LabelMeaning kLabels[] = {
    {"scenario", "name of the scenario; of an exploration: explore-WINDOW"},
    {"strategy", "remap strategy of the guest kernel: inplace, bbm-fault, bbm-fault-irqsafe"},
    {"flavour", "flavour of the guest kernel: std, lockdep, rt, debug"},
    {"host", "kind of KVM host: kvm-hardware, kvm-interpreting; timings do not compare across kinds"},
    {"verdict",
     "clean, deadlock, stall, oops, lockdep, bug, lost-update, hang, timeout, error; not-run: the trial never began"},
    {"expected", "yes or no: the verdict and its evidence are what the scenario expects"},
    {"kind", "of an injection: irq, nmi, call, hold, stage2-delay; of an error: usage, unavailable, host, internal"},
    {"trigger", "name of the probe that triggered it, or instruction: a place in the code (symbol+offset)"},
    {"start", "boot: the guest booted; snapshot: it went on from one"},
    {"how", "in-place: the same machine set back; restored: a new machine made from a snapshot"},
    {"vcpu", "number of the virtual CPU, from 0"},
    {"level", "page-table level of the entry under change: pte, pmd, other"},
    {"direction", "optimize: page structs are given back; restore: they come again"},
    {"phase",
     "total; of it lock-wait, window (the entry is invalid, its flush included), flush (outside of windows), other"},
    {"injected",
     "yes: the harness injected something while it lasted (an interrupt, a hold, a delay), which is in the length; no: "
     "the "
     "length is the guest's own"},
    {"context", "what the vCPU was doing: task, softirq, hardirq, nmi"},
    {"lock", "init_mm.page_table_lock, zone->lock, or other"},
    {"where",
     "guest: inside KVM_RUN; harness: outside, at a stop; parked: held, paused or retired; watch: the thread that "
     "watches the trial; metrics: these metrics"},
    {"reason",
     "why KVM_RUN returned: io, mmio, debug, hlt, shutdown, interrupted, dirty-ring-full, system-event, fail-entry, "
     "emulation-failure, internal-error, other"},
    {"class",
     "kind of the finding. deadlock: self-CONTEXT (the waiter interrupted the owner) or cross-vcpu; stall: fault, "
     "window, lock-wait, lock-held or pause; of the harness: such as workload-failure; the guest's own report: such as "
     "soft-lockup; other"},
    {"probe", "name of the probe (guest/abi), or unknown"},
    {"type", "type of the event (event-format.md)"},
    {"way", "textfile or push"},
    {"version", "version of remapstorm"},
    {"build", "build id of the program, its first 12 digits"},
    {"architecture", "of the host: x86_64, aarch64"},
    {"cpu", "model of the host's processor"},
    {"kernel", "release of the host's or the guest's kernel"},
    {"image", "hash of the guest image, its first 12 digits"},
};

}  // namespace

std::span<const MetricInfo> all_metrics() {
  static const std::vector<MetricInfo> kTable = make_table();
  return kTable;
}

const MetricInfo& metric_info(Metric metric) {
  const auto index = static_cast<std::size_t>(metric);
  RS_CHECK(index < all_metrics().size() && all_metrics()[index].id == metric, "the table of metrics is out of order");
  return all_metrics()[index];
}

std::optional<std::string_view> label_meaning(std::string_view label) {
  for (const LabelMeaning& one : kLabels) {
    if (one.label == label) return one.meaning;
  }
  return std::nullopt;
}

}  // namespace remapstorm
