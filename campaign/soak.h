// SPDX-License-Identifier: Apache-2.0
// SoakCampaign: thousands of random control trials, none of which may be called anything but clean. What it tests is
// the harness: a deadlock, an oops or a hang that it reports here is a false alarm.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "campaign/campaign.h"
#include "plan/same_bytes.h"
#include "results/soak.h"

namespace remapstorm {

struct SoakOptions {
  std::uint64_t trials = 1000;
  std::uint64_t seed = 1;
  std::vector<std::string> strategies;  // of control_strategies()
  bool strategies_named = false;        // else all that a host has: another architecture has others
  std::string flavour = "std";
  std::vector<std::string> hosts;
  std::optional<unsigned> jobs;  // guests at a time; none: as many as the host's processors carry
  SameBytes same;                // what must not have changed
  std::string output_dir;        // empty: a new folder below the state folder
  bool quiet = false;            // also in the lab
};

class SoakCampaign {
 public:
  SoakCampaign(CampaignContext context, SoakOptions options)
      : context_(std::move(context)), options_(std::move(options)) {}

  // Finds image and plans and makes the output folder. Errors: usage, unavailable, host.
  Status prepare();
  // After prepare(). An error ended it early; what was done until then is in soak().
  Status run();
  [[nodiscard]] const Soak& soak() const { return soak_; }
  // Of all that happened.
  [[nodiscard]] int exit_code() const { return worst_; }
  [[nodiscard]] const std::string& directory() const { return folder_->path(); }
  // Writes soak.json. Error: host; something that is claimed is not there.
  Status write_output(const std::string& json) const;

 private:
  Status prepare_here();
  Status open_here();
  // A strategy or a host that was asked for: said, counted, and in the results.
  void note_not_run(const std::string& what, const Error& why);
  Status run_here();
  Status run_trial_number(unsigned worker, std::uint64_t number);
  Result<TrialResult> attempt(unsigned worker, const Plan& plan, std::vector<Event>& events);
  Status count(std::uint64_t number, const Scenario& scenario, const Plan& plan, const TrialResult& trial,
               const std::vector<Event>& events);
  Status keep(SoakTrial& trial, const Scenario& scenario, const std::vector<Event>& events);
  void run_on(const std::string& host);
  void show_progress();
  [[nodiscard]] Overrides overrides() const;
  [[nodiscard]] std::string key_of(const std::string& strategy) const;  // of TrialTimes

  const CampaignContext context_;
  const SoakOptions options_;
  bool here_ = false;                    // this machine is among the hosts
  std::vector<std::string> strategies_;  // those that can run here
  std::optional<WorkFolder> folder_;
  int worst_ = 0;
  std::mutex mutex_;  // below
  Soak soak_;
  KeptTimes times_{context_.installation};
  TimeLeft left_{times_.times(), 1};
};

}  // namespace remapstorm
