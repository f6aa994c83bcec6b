// SPDX-License-Identifier: Apache-2.0
// What every campaign gets from outside: so that tests run them without KVM, clock and terminal.
#pragma once

#include <atomic>
#include <ctime>
#include <string>

#include "base/clock.h"
#include "campaign/executor.h"
#include "campaign/installation.h"
#include "campaign/lab.h"
#include "campaign/observer.h"
#include "results/output_dir.h"
#include "results/trial_times.h"
#include "results/work_folder.h"

namespace remapstorm {

// All must outlive the campaign.
struct CampaignContext {
  const Installation& installation;
  Executor& executor;
  RunInLab lab;
  const Clock& clock;
  const std::atomic<bool>& stop;  // a signal came: end soon, with what there is
  Observer& observer;
  std::int64_t started = std::time(nullptr);  // seconds since 1970
};

// Where results go: `requested` (--output-dir) or, if empty, a new folder below the state folder that has `label` in
// its name. Errors: those of OutputDirectory and find_paths().
Result<OutputDirectory> open_output(const CampaignContext& context, const std::string& requested,
                                    const std::string& label);
// The same for those who add to it as they go; `place`: below the state folder.
Result<WorkFolder> open_work_folder(const CampaignContext& context, const std::string& requested,
                                    const std::string& label, const std::string& place = "runs");

// A trial as request.plan says, recorded in a folder of its own of `output`.
TrialResult run_into(Executor& executor, const Plan& plan, std::uint64_t trial, OutputDirectory& output,
                     const Watching& watching);
// Console, notes and metrics of a trial go to `observer`, which must outlive it.
Watching watched_by(Observer& observer);

// How long trials take here (results/trial_times.h): read when this is made, written back when it goes.
class KeptTimes {
 public:
  explicit KeptTimes(const Installation& installation);
  ~KeptTimes();
  KeptTimes(const KeptTimes&) = delete;
  KeptTimes& operator=(const KeptTimes&) = delete;
  [[nodiscard]] TrialTimes& times() { return times_; }

 private:
  std::string path_;
  TrialTimes times_;
};

// Interrupted before it showed anything: no result.
bool showed_nothing(const TrialResult& trial);

}  // namespace remapstorm
