// SPDX-License-Identifier: Apache-2.0
// Observer: who hears what a campaign does while it does it: the status line, the log, the metrics, a test. Calls come
// from the campaign's own thread but for note(), detail() and console(), which come from any. What came of it all is
// what the campaign returns.
#pragma once

#include <span>
#include <string>

#include "campaign/explore/explorer.h"
#include "plan/plan.h"
#include "results/run.h"
#include "telemetry/metrics/metrics.h"
#include "telemetry/metrics/trial_fold.h"

namespace remapstorm {

class Observer {
 public:
  virtual ~Observer() = default;

  // What goes on right now; about ten times a second while trials run.
  virtual void progress(const std::string& /*what*/) {}
  // One step of it is over: a line for those who watch.
  virtual void step(const std::string& /*line*/) {}
  // What a person should know besides the results.
  virtual void note(const std::string& /*line*/) {}
  // What only who looks for a mistake wants to know.
  virtual void detail(const std::string& /*line*/) {}
  // What comes of it is written into this folder, which is ours.
  virtual void writes_into(const std::string& /*folder*/) {}
  // Something that was asked for cannot be had; the rest goes on.
  virtual void trouble(const Error& /*error*/) {}
  // Each line of a guest's console, if anybody wants it.
  [[nodiscard]] virtual bool wants_console() const { return false; }
  virtual void console(const std::string& /*line*/) {}

  virtual void planned(const Plan& /*plan*/) {}
  virtual void began(const Plan& /*plan*/) {}  // the first of its trials
  virtual void ended(const TrialLabels& /*labels*/, const TrialResult& /*trial*/) {}
  virtual void ended(const ScenarioResults& /*scenario*/) {}
  // A point of an exploration, whose window opened at `opened`. From a worker's thread, one call at a time.
  virtual void ended(const Plan& /*plan*/, const PointOutcome& /*point*/, std::span<const Event> /*events*/,
                     Nanoseconds /*opened*/) {}
  // Where the events of trials go besides; null: nowhere.
  [[nodiscard]] virtual Metrics* metrics() { return nullptr; }
  // Of the campaign itself, without labels.
  virtual void measured(Metric /*metric*/, double /*value*/) {}
};

}  // namespace remapstorm
