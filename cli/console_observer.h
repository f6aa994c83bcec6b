// SPDX-License-Identifier: Apache-2.0
// ConsoleObserver: what a person at the terminal, and who asked for metrics, see of a campaign while it runs.
#pragma once

#include <mutex>
#include <string>

#include "campaign/observer.h"
#include "cli/command.h"
#include "cli/session_metrics.h"
#include "cli/status_line.h"

namespace remapstorm {

class ConsoleObserver : public Observer {
 public:
  enum class Volume : std::uint8_t { quiet, usual, verbose };  // no progress; progress; guests' consoles besides

  // All must outlive this. `metrics`: may be null.
  ConsoleObserver(const CommandContext& context, const Clock& clock, Volume volume, SessionMetrics* metrics = nullptr)
      : context_(context),
        volume_(volume),
        metrics_(metrics),
        status_(context.err, context.err_is_terminal && volume != Volume::verbose, clock, context.columns) {}

  void progress(const std::string& what) override;
  void step(const std::string& line) override;
  void note(const std::string& line) override;
  void trouble(const Error& error) override;
  [[nodiscard]] bool wants_console() const override { return volume_ == Volume::verbose; }
  void console(const std::string& line) override;

  void planned(const Plan& plan) override;
  void ended(const TrialLabels& labels, const TrialResult& trial) override;
  void ended(const ScenarioResults& /*scenario*/) override {}
  void ended(const Plan& plan, const PointOutcome& point, std::span<const Event> events, Nanoseconds opened) override;
  [[nodiscard]] Metrics* metrics() override { return metrics_ == nullptr ? nullptr : metrics_->metrics(); }
  void measured(Metric metric, double value) override;

  // Before something else is printed.
  void clear();

 private:
  const CommandContext& context_;
  const Volume volume_;
  SessionMetrics* const metrics_;
  std::mutex mutex_;  // the terminal: status_, context_.err
  StatusLine status_;
};

ConsoleObserver::Volume volume_of(bool quiet, bool verbose = false);

}  // namespace remapstorm
