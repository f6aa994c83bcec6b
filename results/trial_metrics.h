// SPDX-License-Identifier: Apache-2.0
// What trial results, the host and the guest image say in metrics. The events of a trial are folded by
// telemetry/metrics/trial_fold.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "plan/plan.h"
#include "results/certificate.h"
#include "results/trial_result.h"
#include "telemetry/metrics/metrics.h"
#include "telemetry/metrics/trial_fold.h"

namespace remapstorm {

TrialLabels trial_labels(const Plan& plan);

// `version`: of remapstorm; `started`: seconds since 1970.
void describe_program(Metrics& metrics, const std::string& version, std::int64_t started);
// The host, the guest, and every counter of this plan that alerts look at, with 0.
void describe_plan(Metrics& metrics, const Plan& plan);

// The events of an explored trial. What happened before `opened`, when the window opened, is the same in all of them
// and happened once: it is the context of the rest and counts for nothing.
void fold_explored(Metrics& metrics, const Clock& clock, const TrialLabels& labels, std::span<const Event> events,
                   Nanoseconds opened);

// Counts trials of one process.
class TrialCounter {
 public:
  // Both must outlive it.
  TrialCounter(Metrics& metrics, const Clock& clock) : metrics_(metrics), clock_(clock), began_(clock.now()) {}

  // `now`: seconds since 1970. The trial ended at that time.
  void count(const TrialLabels& labels, const TrialResult& trial, std::int64_t now);
  // Of an exploration, with its events. Whatever verdict was found is what was to be found out: always as expected.
  void count(const TrialLabels& labels, const ExploredTrial& trial, std::span<const Event> events, std::int64_t now);
  // A point that could not be tried: an error of the harness or the host.
  void count(const TrialLabels& labels, const SkippedPoint& point);

 private:
  void count(const TrialLabels& labels, std::span<const Finding> findings);
  // `expected`: "yes" or "no".
  void ended(const TrialLabels& labels, std::string_view verdict, std::string_view expected, std::int64_t now);

  Metrics& metrics_;
  const Clock& clock_;
  Nanoseconds began_;
  std::uint64_t ended_ = 0;
};

}  // namespace remapstorm
