// SPDX-License-Identifier: Apache-2.0
#include "cli/session_metrics.h"

#include <ctime>

#include "telemetry/metrics/textfile.h"

namespace remapstorm {

Status SessionMetrics::start(bool needed) {
  if (!options_.any()) return {};
  if (!options_.textfile.empty()) RS_TRY(check_metrics_textfile(options_.textfile));
  describe_program(metrics_, context_.version, std::time(nullptr));
  if (Status listening = outputs_.listen(); !listening) {
    if (needed) return listening;
    context_.err << "remapstorm: " << listening.error().message << "; the run goes on without\n";
    if (!listening.error().hint.empty()) context_.err << "HINT: " << listening.error().hint << '\n';
  }
  if (options_.listen && !options_.listen->loopback) {
    context_.err << "remapstorm: whoever reaches " << options_.listen->host << " can read the metrics\n";
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

void SessionMetrics::say(StatusLine* status) {
  const std::vector<std::string> lines = outputs_.take_notes();
  if (!lines.empty() && status != nullptr) status->clear();
  for (const std::string& line : lines) context_.err << "remapstorm: " << line << std::endl;
}

void SessionMetrics::finish() {
  outputs_.finish();
  say();
}

}  // namespace remapstorm
