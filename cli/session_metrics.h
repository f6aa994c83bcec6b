// SPDX-License-Identifier: Apache-2.0
// SessionMetrics: the metrics of one command, if it was asked for any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"
#include "campaign/explore/explorer.h"
#include "cli/command.h"
#include "results/trial_metrics.h"
#include "telemetry/metrics/outputs.h"

namespace remapstorm {

class SessionMetrics {
 public:
  // All must outlive this. Threads begin with start().
  SessionMetrics(const CommandContext& context, const MetricsOptions& options, const Clock& clock)
      : context_(context), options_(options), clock_(clock), outputs_(metrics_, options_), counter_(metrics_, clock) {}

  // Opens the ways out. Errors: usage, if the textfile would replace something that is not ours; host, if there is no
  // listening where it was asked for.
  enum class Listening : std::uint8_t {
    wanted,  // if there is none, that is said and the command goes on
    required,
  };
  Status start(Listening listening);
  // Where events go besides; null: nobody asked for metrics.
  [[nodiscard]] Metrics* metrics() { return options_.any() ? &metrics_ : nullptr; }

  void planned(const Plan& plan);
  void ended(const TrialLabels& labels, const TrialResult& trial);
  // A point of an exploration is done, whose window opened at `opened`.
  void ended(const Plan& plan, const PointOutcome& outcome, std::span<const Event> events, Nanoseconds opened);

  // Of the command itself, without labels.
  void set(Metric metric, double value);

  // Says what there is to know.
  void say();
  // Writes the last values.
  void finish();

 private:
  const CommandContext& context_;
  const MetricsOptions options_;
  const Clock& clock_;
  Metrics metrics_;
  MetricsOutputs outputs_;
  TrialCounter counter_;
};

}  // namespace remapstorm
