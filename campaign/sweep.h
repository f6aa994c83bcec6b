// SPDX-License-Identifier: Apache-2.0
// SweepCampaign: a matrix of scenarios, strategies, flavours, hosts and seeds, several guests at a time, with a journal
// by which it can be gone on with: trials on this machine, then the labs' share.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "campaign/campaign.h"
#include "results/sweep.h"
#include "results/sweep_journal.h"

namespace remapstorm {

struct SweepOptions {
  std::vector<std::string> scenarios;  // names of the catalogue or files; empty: all of the catalogue
  std::vector<std::string> strategies, flavours, hosts;
  bool strategies_named = false, flavours_named = false;  // one by one, instead of "all" or nothing
  std::uint64_t seeds = 1;
  std::optional<unsigned> jobs;  // guests at a time; none: as many as the host's processors carry
  std::string output_dir;        // empty: a new folder below the state folder
  std::string scenario_dir;
  std::optional<Nanoseconds> timeout;
  bool resume = false;
  bool quiet = false;  // also in the lab
};

class SweepCampaign {
 public:
  SweepCampaign(CampaignContext context, SweepOptions options, std::vector<Scenario> scenarios)
      : context_(std::move(context)), options_(std::move(options)), scenarios_(std::move(scenarios)) {}

  // Finds every mistake there can be before the first guest starts, and opens the journal.
  Status prepare();
  // After prepare(). An error ended it early; what was done until then is in sweep().
  Status run();
  [[nodiscard]] const Sweep& sweep() const { return sweep_; }
  [[nodiscard]] const std::string& directory() const { return folder_->path(); }
  // Puts the table into the folder. `more`: writes what else belongs there. Error: host; something is not there.
  Status write_output(const std::function<Status(const std::string& directory)>& more) const;
  // For a shell, in any folder.
  [[nodiscard]] std::string go_on_line() const;

 private:
  struct Task {
    Plan plan;
    SweepCell cell;
  };
  Status plan_here();
  Status open_journal();
  [[nodiscard]] SweepIdentity identity() const;
  void drop_what_failed();
  [[nodiscard]] bool done(const SweepCell& cell, std::uint64_t seed) const;
  void make_tasks();
  Status run_here();
  Status run_task(unsigned worker, const Task& task);
  Status keep(const SweepCell& cell, const TrialResult& result, const std::string& place);
  void run_in_labs();
  void run_lab(const std::string& host);
  SweepOptions share_of(const std::string& host, std::vector<std::string>& files) const;
  // What the lab left in its folder.
  void take_in(const std::string& host, const std::string& folder, int code);
  // Every cell of `host` that has no reason yet gets this one.
  void add_gaps(const std::string& host, const Error& why);
  void clear_place(const std::string& place);
  void show_progress();

  const CampaignContext context_;
  const SweepOptions options_;
  const std::vector<Scenario> scenarios_;
  std::optional<WorkFolder> folder_;
  std::optional<SweepJournal> journal_;
  std::map<std::string, Plan> plans_;  // by name_of(cell), of this machine's cells that can run; seed 1
  std::vector<Task> tasks_;
  std::size_t before_ = 0;  // trials here that an earlier session had done
  std::mutex mutex_;        // below, and the journal
  Sweep sweep_;
  std::size_t done_ = 0;  // trials here of this session
  KeptTimes times_{context_.installation};
  TimeLeft left_{times_.times(), 1};
  std::set<std::string> spoilt_;    // places of trials that are made again, as the journal says
  std::set<std::string> recorded_;  // "CELL, VERDICT" of which one recording is kept
};

}  // namespace remapstorm
