// SPDX-License-Identifier: Apache-2.0
// Every metric there is, in one table. The exposition, docs/metrics.md and the checks all come from it.
//
// Label values are words from small sets: nothing a guest wrote becomes one unless it was compared with a list first.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace remapstorm {

// highest: a gauge that keeps the largest value it was given.
enum class MetricType : std::uint8_t { counter, gauge, highest, histogram };

// In the order of the table.
enum class Metric : std::uint8_t {
  build_info,
  host_info,
  guest_info,
  start_time,
  trials,
  trials_per_second,
  trial_duration,
  trial_errors,
  last_trial,
  guest_boot,
  resets,
  reset_duration,
  injections,
  injections_merged,
  injections_failed,
  injections_answered,
  delivery,
  hold_requested,
  hold_served,
  delay_requested,
  delay_served,
  delay_error,
  windows_opened,
  window,
  remap,
  faults,
  fault_duration,
  lock_wait,
  lock_hold,
  vcpu_stall,
  vcpu_longest_stall,
  vcpu_host_wait,
  vcpu_time,
  vm_exits,
  cpu,
  findings,
  probe_events,
  events,
  events_dropped,
  metrics_failures,
  serve_rounds,
  serve_kept_runs,
  serve_kept_bytes,
};

struct MetricInfo {
  Metric id{};
  std::string_view name;
  MetricType type = MetricType::counter;
  std::vector<std::string_view> labels;  // in the order in which their values are given
  std::span<const double> buckets;       // histograms: upper bounds, ascending; +Inf comes by itself
  std::string_view help;                 // one sentence
  std::string_view source;               // what the figure is made of
};

// The table, in the order of enum Metric.
std::span<const MetricInfo> all_metrics();
const MetricInfo& metric_info(Metric metric);
// What a label means and which values it takes; nothing for a label that no metric has.
std::optional<std::string_view> label_meaning(std::string_view label);

}  // namespace remapstorm
