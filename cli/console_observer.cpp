// SPDX-License-Identifier: Apache-2.0
#include "cli/console_observer.h"

#include <fmt/format.h>

#include "base/printable.h"

namespace remapstorm {
namespace {

std::string point_words(const PointOutcome& outcome) {
  const ExplorePoint& point = std::visit([](const auto& one) -> const ExplorePoint& { return one; }, outcome);
  const std::string name = fmt::format("{} at boundary {}{}", point.inject, point.boundary,
                                       point.second ? fmt::format(" and {}", *point.second) : "");
  const auto* trial = std::get_if<ExploredTrial>(&outcome);
  if (trial == nullptr) return name + ": skipped: " + std::get<SkippedPoint>(outcome).reason;
  return fmt::format("{}: {} in {:.3f} s; {}", name, verdict_name(trial->verdict), in_seconds(trial->duration),
                     trial->reason);
}

}  // namespace

ConsoleObserver::~ConsoleObserver() { context_.log.clear_status(); }

void ConsoleObserver::progress(const std::string& what) {
  if (metrics_ != nullptr) metrics_->say();
  if (volume_ == Volume::usual) context_.log.status(what);
  if (volume_ == Volume::verbose) context_.log.status_in_lines(what);
}

void ConsoleObserver::step(const std::string& line) {
  // Kept in the log all the same.
  context_.log.list(volume_ == Volume::quiet ? LogLevel::debug : LogLevel::info, line);
}

void ConsoleObserver::note(const std::string& line) { context_.log.say(LogLevel::warn, line); }
void ConsoleObserver::detail(const std::string& line) { context_.log.say(LogLevel::debug, line); }
void ConsoleObserver::writes_into(const std::string& folder) { context_.log.keep_in(folder); }
void ConsoleObserver::trouble(const Error& error) { report_error(context_, error); }
void ConsoleObserver::console(const std::string& line) { context_.log.print(printable(line) + "\n"); }

void ConsoleObserver::planned(const Plan& plan) {
  if (metrics_ != nullptr) metrics_->planned(plan);
}

void ConsoleObserver::began(const Plan& plan) {
  if (report_ == nullptr) return;
  report_->scenario_begins(plan);
  context_.out.flush();
}

void ConsoleObserver::ended(const TrialLabels& labels, const TrialResult& trial) {
  context_.log.clear_status();
  if (metrics_ != nullptr) metrics_->ended(labels, trial);
  if (report_ == nullptr) return;
  report_->trial_ended(trial);
  context_.out.flush();
}

void ConsoleObserver::ended(const ScenarioResults& scenario) {
  if (report_ == nullptr) return;
  report_->scenario_ended(scenario);
  context_.out.flush();
}

void ConsoleObserver::ended(const Plan& plan, const PointOutcome& point, std::span<const Event> events,
                            Nanoseconds opened) {
  context_.log.say(LogLevel::debug, point_words(point));
  if (metrics_ != nullptr) metrics_->ended(plan, point, events, opened);
}

void ConsoleObserver::measured(Metric metric, double value) {
  if (metrics_ != nullptr) metrics_->set(metric, value);
}

}  // namespace remapstorm
