// SPDX-License-Identifier: Apache-2.0
// ConsoleObserver: what a person at the terminal, and who asked for metrics, see of a campaign while it runs.
#pragma once

#include <string>

#include "campaign/observer.h"
#include "cli/command.h"
#include "cli/session_metrics.h"
#include "cli/volume.h"
#include "report/report.h"

namespace remapstorm {

class ConsoleObserver : public Observer {
 public:
  // All must outlive this. `metrics`: may be null.
  ConsoleObserver(const CommandContext& context, Volume volume, SessionMetrics* metrics = nullptr)
      : context_(context), volume_(volume), metrics_(metrics) {}

  ~ConsoleObserver() override;
  ConsoleObserver(const ConsoleObserver&) = delete;
  ConsoleObserver& operator=(const ConsoleObserver&) = delete;

  // From now on `report`, which writes to context.out, is told of scenarios and trials; null: none is.
  void report_to(Report* report) { report_ = report; }

  void progress(const std::string& what) override;
  void step(const std::string& line) override;
  void note(const std::string& line) override;
  void detail(const std::string& line) override;
  void writes_into(const std::string& folder) override;
  void trouble(const Error& error) override;
  [[nodiscard]] bool wants_console() const override { return volume_ == Volume::verbose; }
  void console(const std::string& line) override;

  void planned(const Plan& plan) override;
  void began(const Plan& plan) override;
  void ended(const TrialLabels& labels, const TrialResult& trial) override;
  void ended(const ScenarioResults& scenario) override;
  void ended(const Plan& plan, const PointOutcome& point, std::span<const Event> events, Nanoseconds opened) override;
  [[nodiscard]] Metrics* metrics() override { return metrics_ == nullptr ? nullptr : metrics_->metrics(); }
  void measured(Metric metric, double value) override;

 private:
  const CommandContext& context_;
  const Volume volume_;
  SessionMetrics* const metrics_;
  Report* report_ = nullptr;
};

}  // namespace remapstorm
