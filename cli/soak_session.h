// SPDX-License-Identifier: Apache-2.0
// SoakSession: thousands of random control trials, none of which may be called anything but clean. What it tests is
// the harness: a deadlock, an oops or a hang that it reports here is a false alarm.
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "campaign/control_worker.h"
#include "campaign/random_control.h"
#include "cli/command.h"
#include "cli/soak_options.h"
#include "cli/status_line.h"
#include "cli/stop_signals.h"
#include "cli/trial_pool.h"
#include "cli/work_folder.h"
#include "report/soak.h"

namespace remapstorm {

class SoakSession {
 public:
  // Both must outlive this.
  SoakSession(const CommandContext& context, const SoakOptions& options)
      : context_(context), options_(options), pool_(context, clock_, signals_.stop(), options.same) {}

  // Opens KVM and the image and makes the output folder. Errors: usage, unavailable, host.
  Status prepare();
  // After prepare(). Returns the exit code.
  int execute();

 private:
  Status prepare_here();
  Status open_here();
  // A strategy or a host that was asked for: said, counted, and in the results.
  void note_not_run(const std::string& what, const Error& why);
  Status run_trial_number(unsigned worker, std::uint64_t number);
  Result<ControlTrial> attempt(unsigned worker, const Plan& plan, std::vector<Event>& events);
  Status count(std::uint64_t number, const Scenario& scenario, const Plan& plan, const ControlTrial& trial,
               const std::vector<Event>& events);
  Status keep(SoakTrial& trial, const Scenario& scenario, const std::vector<Event>& events);
  void run_in_lab(const std::string& host);
  [[nodiscard]] Status look() const;
  void show_progress();
  [[nodiscard]] std::string key_of(const std::string& strategy) const;  // of TrialTimes

  const CommandContext& context_;
  const SoakOptions& options_;
  std::int64_t started_ = std::time(nullptr);
  SteadyClock clock_;
  StopSignals signals_;
  TrialPool pool_;
  bool here_ = false;                    // this machine is among the hosts
  std::vector<std::string> strategies_;  // those that can run here
  std::optional<WorkFolder> folder_;
  std::string directory_;  // its path
  Nanoseconds began_{0};
  std::optional<StatusLine> status_;
  int worst_ = 0;
  std::mutex mutex_;  // below
  Soak soak_;
  TimeLeft left_{pool_.times(), 1};
  // By worker, strategy and workloads. Each is used by its worker alone; only the map is shared.
  std::map<std::pair<unsigned, std::string>, std::unique_ptr<ControlWorker>> workers_;
};

}  // namespace remapstorm
