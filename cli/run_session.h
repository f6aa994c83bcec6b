// SPDX-License-Identifier: Apache-2.0
// RunSession: everything between a checked command line and an exit code. prepare() finds every mistake there can be
// before the first guest starts; execute() runs the trials, reports and writes the output folder.
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "campaign/run_options.h"
#include "cli/command.h"
#include "cli/session_metrics.h"
#include "cli/status_line.h"
#include "cli/stop_signals.h"
#include "report/report.h"
#include "trial/runner.h"

namespace remapstorm {

class RunSession {
 public:
  // `context` and `options` must outlive this.
  RunSession(const CommandContext& context, const RunOptions& options, std::vector<Scenario> scenarios)
      : context_(context),
        options_(options),
        scenarios_(std::move(scenarios)),
        metrics_(context, options.metrics, clock_) {}

  // Opens KVM, measures the host, loads the images, makes every plan. What one scenario lacks is no trouble of the
  // others: an error only if none can run, or one has a mistake. `endpoint_needed`: not to be had, the metrics'
  // endpoint is an error.
  Status prepare(bool endpoint_needed = false);
  // After prepare(). Returns the exit code.
  int execute();
  // Instead of execute() when prepare() failed for a reason of the machine: every scenario is reported as not run, for
  // its own reason if it has one.
  int report_not_run(const Error& error);

  // The parts of execute(), for commands that run the same scenarios over and over. All scenarios once, or as often as
  // the options say. Those that cannot run are told as not run, or left out:
  enum class NotRun : std::uint8_t { told, left_out };
  std::vector<ScenarioResults> run_all(OutputDirectory& output, Report& report, NotRun not_run);
  // As results, those that cannot run.
  std::vector<ScenarioResults> not_run();
  // Everything but the last step, OutputDirectory::finish().
  Status write_output(OutputDirectory& output, std::span<const ScenarioResults> results) const;
  [[nodiscard]] const StopSignals& signals() const { return signals_; }
  [[nodiscard]] SessionMetrics& metrics() { return metrics_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const HostInfo& host() const { return host_; }

 private:
  struct Job {
    Plan plan;
    Runner* runner = nullptr;
    std::optional<Error> cannot;  // why it is not run; there is no plan then
  };
  Result<Job> make_job(const Scenario& scenario);
  ScenarioResults not_run(const Scenario& scenario, const Error& why);
  static void tell(Report& report, const ScenarioResults& results);
  Result<Runner*> runner_for(const std::string& flavour);
  Result<OutputDirectory> make_output() const;
  static void keep_scenario(Job& job, const Scenario& scenario, const OutputDirectory& output);
  ScenarioResults run_job(Job& job, std::size_t number, OutputDirectory& output, Report& report);
  // Makes report/ beside the results, after these. Where its index.html will be; empty: none, as was said.
  std::string write_html(const OutputDirectory& output) const;
  // --junit and --json. Returns the exit code that this comes to.
  int write_files(const RunInfo& info, std::span<const ScenarioResults> results) const;
  [[nodiscard]] RunInfo run_info(const std::string& directory) const;

  const CommandContext& context_;
  const RunOptions& options_;
  std::vector<Scenario> scenarios_;
  std::int64_t started_ = std::time(nullptr);
  SteadyClock clock_;
  StopSignals signals_;
  SessionMetrics metrics_;
  std::optional<Kvm> kvm_;
  HostInfo host_;
  std::map<std::string, GuestImageInfo> images_;            // by flavour
  std::map<std::string, std::unique_ptr<Runner>> runners_;  // by flavour
  std::vector<Job> jobs_;                                   // one for each scenario
};

}  // namespace remapstorm
