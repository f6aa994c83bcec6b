// SPDX-License-Identifier: Apache-2.0
// CompareSession: the same measures of every remap strategy, one guest at a time, in turns.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "campaign/run_options.h"
#include "cli/command.h"
#include "cli/compare_options.h"
#include "cli/status_line.h"
#include "cli/stop_signals.h"
#include "cli/trial_pool.h"
#include "cli/work_folder.h"
#include "report/comparison.h"

namespace remapstorm {

class CompareSession {
 public:
  // Both must outlive this.
  CompareSession(const CommandContext& context, const CompareOptions& options)
      : context_(context), options_(options), pool_(context, clock_, signals_.stop()) {}

  // Opens KVM and the image, makes every plan and the output folder. Errors: usage, unavailable, host.
  Status prepare();
  // After prepare(). Returns the exit code.
  int execute();

 private:
  struct Task {
    std::size_t strategy = 0;        // in comparison_.strategies
    std::optional<Measure> measure;  // none: irq-same-cpu
    Plan plan;
  };
  Status plan_strategy(std::size_t index, const std::optional<Scenario>& same_cpu);
  // How long it took to boot, if it did.
  Result<Nanoseconds> measure(const Task& task, std::uint64_t trial);
  Status measure_all();
  Status plan_count(std::size_t index);
  Status count(std::size_t index);
  Status count_all();
  Status write_output() const;
  void show(bool recorded) const;

  const CommandContext& context_;
  const CompareOptions& options_;
  std::int64_t started_ = std::time(nullptr);
  SteadyClock clock_;
  StopSignals signals_;
  TrialPool pool_;
  std::optional<WorkFolder> folder_;
  std::string directory_;  // its path
  std::optional<StatusLine> status_;
  std::vector<Task> tasks_;
  struct CountTask {
    std::size_t strategy = 0;
    Plan quiet, reader;
  };
  std::vector<CountTask> counts_;  // of --count
  Comparison comparison_;
  int worst_ = 0;
};

}  // namespace remapstorm
