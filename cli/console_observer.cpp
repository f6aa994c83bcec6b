// SPDX-License-Identifier: Apache-2.0
#include "cli/console_observer.h"

#include "base/printable.h"

namespace remapstorm {

void ConsoleObserver::progress(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (metrics_ != nullptr) metrics_->say(&status_);
  if (volume_ != Volume::quiet) status_.show(what);
}

void ConsoleObserver::step(const std::string& line) {
  const std::lock_guard lock(mutex_);
  status_.clear();
  if (volume_ != Volume::quiet) context_.err << printable_lines(line) << std::endl;
}

void ConsoleObserver::note(const std::string& line) {
  const std::lock_guard lock(mutex_);
  status_.clear();
  context_.err << "remapstorm: " << printable_lines(line) << std::endl;
}

void ConsoleObserver::trouble(const Error& error) {
  const std::lock_guard lock(mutex_);
  status_.clear();
  report_error(context_, error);
}

void ConsoleObserver::console(const std::string& line) {
  const std::lock_guard lock(mutex_);
  context_.err << printable(line) << '\n';
}

void ConsoleObserver::planned(const Plan& plan) {
  if (metrics_ != nullptr) metrics_->planned(plan);
}

void ConsoleObserver::ended(const TrialLabels& labels, const TrialResult& trial) {
  clear();
  if (metrics_ != nullptr) metrics_->ended(labels, trial);
}

void ConsoleObserver::ended(const Plan& plan, const PointOutcome& point, std::span<const Event> events,
                            Nanoseconds opened) {
  if (metrics_ != nullptr) metrics_->ended(plan, point, events, opened);
}

void ConsoleObserver::measured(Metric metric, double value) {
  if (metrics_ != nullptr) metrics_->set(metric, value);
}

void ConsoleObserver::clear() {
  const std::lock_guard lock(mutex_);
  status_.clear();
}

ConsoleObserver::Volume volume_of(bool quiet, bool verbose) {
  if (verbose) return ConsoleObserver::Volume::verbose;
  return quiet ? ConsoleObserver::Volume::quiet : ConsoleObserver::Volume::usual;
}

}  // namespace remapstorm
