// SPDX-License-Identifier: Apache-2.0
// TrialFold: folds the events of one trial into metrics. Pure: a recorded run gives the same figures.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/deliveries.h"
#include "telemetry/event.h"
#include "telemetry/metrics/remap_phases.h"
#include "telemetry/metrics/table.h"
#include "telemetry/spans.h"

namespace remapstorm {

// What every series about a trial begins with.
struct TrialLabels {
  std::string scenario;
  std::string strategy;
  std::string flavour;
  std::string host;  // kind of KVM host

  // With further values behind them.
  [[nodiscard]] LabelValues with(std::initializer_list<std::string_view> more = {}) const;
  [[nodiscard]] LabelValues with_all(std::span<const std::string_view> more) const;
};

// Label `trigger` of an injection that a breakpoint triggered; of others it is the probe.
inline constexpr std::string_view kInstruction = "instruction";

class TrialFold {
 public:
  explicit TrialFold(TrialLabels labels);
  TrialFold(const TrialFold&) = delete;
  TrialFold& operator=(const TrialFold&) = delete;

  void fold(const Event& event);
  // The trial is over: what is known only now.
  void finish();
  // What was gathered since the caller last took it.
  [[nodiscard]] MetricTable& gathered() { return gathered_; }
  [[nodiscard]] const TrialLabels& labels() const { return labels_; }

 private:
  using Place = std::pair<int, std::uint32_t>;  // vCPU, context level
  void fold_body(const PlanEvent&, const Event&) {}
  void fold_body(const HitEvent& hit, const Event& event);
  void fold_body(const ReceiptEvent& receipt, const Event& event);
  void fold_body(const ProbeEvent& probe, const Event& event);
  void fold_body(const LifecycleEvent& lifecycle, const Event& event);
  void fold_body(const HostWaitEvent& wait, const Event& event);
  void fold_body(const UsageEvent& usage, const Event& event);
  void fold_body(const ResetEvent& reset, const Event& event);
  void fold_body(const HarnessWorkEvent&, const Event&) {}  // all of it is in UsageEvent
  void fold_body(const SampleEvent&, const Event&) {}
  void fold_body(const ConsoleEvent&, const Event&) {}
  void fold_body(const SymbolEvent&, const Event&) {}
  void fold_body(const TruncatedEvent&, const Event&) {}
  void fold_fired(const ReceiptEvent& receipt);
  void fold_ended(const ReceiptEvent& receipt);
  void fold_lengths(const ProbeEvent& probe, Place place, Nanoseconds now);
  void fold_span(const Span& span);
  // Whether something was injected meanwhile.
  enum class Injected : std::uint8_t { no, yes };
  void stalled(int vcpu, Nanoseconds length, Injected injected);

  // Series number `slot` of `metric`, with `more` behind the trial's labels; looked up once. Slots are small numbers
  // that stand for `more`.
  MetricSeries& series(Metric metric, std::size_t slot, std::span<const std::string_view> more);
  void count(Metric metric, std::size_t slot, std::initializer_list<std::string_view> more, double by = 1);
  void observe(Metric metric, std::size_t slot, std::initializer_list<std::string_view> more, Nanoseconds length);
  // A length of guest time, with label `injected` behind the others.
  void observe_guest(Metric metric, std::size_t slot, std::initializer_list<std::string_view> more, Nanoseconds length,
                     Injected injected);

  TrialLabels labels_;
  MetricTable gathered_;
  std::vector<std::vector<MetricSeries*>> cached_;  // by metric and slot; into gathered_
  SpanFinder spans_;
  Deliveries deliveries_;
  RemapPhases remaps_;
  std::string_view trigger_;             // of the hit that came last
  std::map<Place, Nanoseconds> stalls_;  // from fault.enter or lock.want until it got the lock
};

}  // namespace remapstorm
