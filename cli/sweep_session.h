// SPDX-License-Identifier: Apache-2.0
// SweepSession: everything between a checked command line and the exit code of `sweep`: the matrix, the output folder
// with its journal, trials on this machine, the lab's share, the table.
#pragma once

#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/status_line.h"
#include "cli/stop_signals.h"
#include "cli/sweep_options.h"
#include "cli/trial_pool.h"
#include "cli/work_folder.h"
#include "results/sweep.h"
#include "results/sweep_journal.h"

namespace remapstorm {

class SweepSession {
 public:
  // All must outlive this.
  SweepSession(const CommandContext& context, const SweepOptions& options, std::vector<Scenario> scenarios)
      : context_(context),
        options_(options),
        scenarios_(std::move(scenarios)),
        pool_(context, clock_, signals_.stop()) {}

  // Finds every mistake there can be before the first guest starts, and opens the journal.
  Status prepare();
  // After prepare(). Returns the exit code.
  int execute();

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
  // Every cell of `host` that has no reason yet gets this one.
  void add_gaps(const std::string& host, const Error& why);
  Status write_output();
  void clear_place(const std::string& place);
  [[nodiscard]] Status look() const;
  void show(bool recorded);
  void show_progress();

  const CommandContext& context_;
  const SweepOptions& options_;
  std::vector<Scenario> scenarios_;
  std::int64_t started_ = std::time(nullptr);
  SteadyClock clock_;
  StopSignals signals_;
  TrialPool pool_;
  std::optional<WorkFolder> folder_;
  std::string directory_;  // its path
  std::optional<SweepJournal> journal_;
  std::map<std::string, Plan> plans_;  // by name_of(cell), of this machine's cells that can run; seed 1
  std::vector<Task> tasks_;
  Nanoseconds began_{0};
  std::size_t before_ = 0;  // trials here that an earlier session had done
  std::optional<StatusLine> status_;
  std::mutex mutex_;  // below, and the journal
  Sweep sweep_;
  std::size_t done_ = 0;  // trials here of this session
  TimeLeft left_{pool_.times(), 1};
  std::set<std::string> spoilt_;    // places of trials that are made again, as the journal says
  std::set<std::string> recorded_;  // "CELL, VERDICT" of which one recording is kept
};

}  // namespace remapstorm
