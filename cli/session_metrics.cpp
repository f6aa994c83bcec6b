// SPDX-License-Identifier: Apache-2.0
#include "cli/session_metrics.h"

#include <ctime>

#include "telemetry/metrics/textfile.h"

namespace remapstorm {

Status SessionMetrics::start(Listening listening) {
  if (!options_.any()) return {};
  if (!options_.textfile.empty()) RS_TRY(check_metrics_textfile(options_.textfile));
  describe_program(metrics_, context_.version, std::time(nullptr));
  if (Status heard = outputs_.listen(); !heard) {
    if (listening == Listening::required) return heard;
    Error told = heard.error();
    told.message += "; the run goes on without";
    context_.log.say(told);
  }
  if (options_.listen && !options_.listen->loopback) {
    context_.log.say(LogLevel::warn, "whoever reaches " + options_.listen->host + " can read the metrics");
  }
  outputs_.start();
  say();
  return {};
}

void SessionMetrics::planned(const Plan& plan) {
  if (options_.any()) describe_plan(metrics_, plan);
}

void SessionMetrics::ended(const TrialLabels& labels, const TrialResult& trial) {
  if (options_.any()) counter_.count(labels, trial, std::time(nullptr));
}

void SessionMetrics::ended(const Plan& plan, const PointOutcome& outcome, std::span<const Event> events,
                           Nanoseconds opened) {
  if (!options_.any()) return;
  const TrialLabels labels = trial_labels(plan);
  fold_explored(metrics_, clock_, labels, events, opened);
  if (const auto* trial = std::get_if<ExploredTrial>(&outcome)) {
    counter_.count(labels, *trial, events, std::time(nullptr));
  } else {
    counter_.count(labels, std::get<SkippedPoint>(outcome));
  }
}

void SessionMetrics::set(Metric metric, double value) {
  if (options_.any()) metrics_.set(metric, {}, value);
}

void SessionMetrics::say() {
  for (const std::string& line : outputs_.take_notes()) context_.log.say(LogLevel::warn, line);
}

void SessionMetrics::finish() {
  outputs_.finish();
  say();
}

}  // namespace remapstorm
