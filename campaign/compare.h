// SPDX-License-Identifier: Apache-2.0
// CompareCampaign: the same measures of every remap strategy, one guest at a time, in turns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaign/campaign.h"
#include "results/comparison.h"

namespace remapstorm {

struct CompareOptions {
  std::vector<std::string> strategies;
  bool all = false;  // those the guest image has; that it lacks one is no failure
  std::string flavour = "std";
  std::uint64_t repeat = 3;
  std::uint64_t seed = 1;
  Nanoseconds stolen{50'000'000};
  std::string output_dir;  // empty: a new folder below the state folder
  bool count = false;      // guest instructions instead of lengths
};

class CompareCampaign {
 public:
  // `same_cpu`: the scenario irq-same-cpu, if there is one. `count`: one run of counting a strategy.
  using Count = std::function<Result<CountRun>(const Plan& quiet, const Plan& reader)>;
  CompareCampaign(CampaignContext context, CompareOptions options, std::optional<Scenario> same_cpu, Count count)
      : context_(std::move(context)),
        options_(std::move(options)),
        same_cpu_(std::move(same_cpu)),
        count_strategy_(std::move(count)) {}

  // Finds the image, makes every plan and the output folder. Errors: usage, unavailable, host.
  Status prepare();
  // After prepare(). An error ended it early; what was measured until then is in comparison().
  Status run();
  [[nodiscard]] const Comparison& comparison() const { return comparison_; }
  // Of all that happened.
  [[nodiscard]] int exit_code() const;
  [[nodiscard]] const WorkFolder& folder() const { return *folder_; }

 private:
  struct Task {
    std::size_t strategy = 0;        // in comparison_.strategies
    std::optional<Measure> measure;  // none: irq-same-cpu
    Plan plan;
  };
  struct CountTask {
    std::size_t strategy = 0;
    Plan quiet, reader;
  };
  [[nodiscard]] Overrides overrides() const;
  Status plan_strategy(std::size_t index);
  // How long it took to boot, if it did.
  Result<Nanoseconds> measure(const Task& task, std::uint64_t trial);
  Status measure_all();
  Status plan_count(std::size_t index);
  Status count(const CountTask& task);
  Status count_all();

  const CampaignContext context_;
  const CompareOptions options_;
  const std::optional<Scenario> same_cpu_;
  const Count count_strategy_;
  std::optional<WorkFolder> folder_;
  std::vector<Task> tasks_;
  std::vector<CountTask> counts_;  // of --count
  Comparison comparison_;
  int worst_ = 0;
};

}  // namespace remapstorm
