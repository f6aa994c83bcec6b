// SPDX-License-Identifier: Apache-2.0
// MetricsSink: folds a trial while it runs, and hands on what it gathered about each second and at the end. What that
// costs is one of the metrics.
#pragma once

#include "base/clock.h"
#include "telemetry/event.h"
#include "telemetry/metrics/metrics.h"
#include "telemetry/metrics/trial_fold.h"

namespace remapstorm {

// Not thread-safe. `metrics` and `clock` must outlive it.
class MetricsSink final : public EventSink {
 public:
  MetricsSink(Metrics& metrics, const Clock& clock, TrialLabels labels)
      : metrics_(metrics), clock_(clock), fold_(std::move(labels)) {}

  void on_event(const Event& event) override;
  // After the last event.
  void finish();

 private:
  void hand_on();

  Metrics& metrics_;
  const Clock& clock_;
  TrialFold fold_;
  Nanoseconds handed_on_{0};  // time of the event after which that was done last
  Nanoseconds spent_{0};      // on the events that were timed
  std::uint64_t events_ = 0;
};

}  // namespace remapstorm
