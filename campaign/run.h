// SPDX-License-Identifier: Apache-2.0
// RunCampaign: scenarios, one after the other, each as often as asked. plan() finds every mistake there can be before
// the first guest starts.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "campaign/campaign.h"
#include "results/run.h"

namespace remapstorm {

struct RunOptions {
  Overrides overrides;                 // strategy, flavour, cpus, memory, expect, timeout, append, seed
  std::uint64_t repeat = 1;            // trials of each scenario
  std::optional<std::uint64_t> trial;  // only this one; with repeat, this same one again and again
  std::string output_dir;              // empty: a new folder below the state folder
};

class RunCampaign {
 public:
  // Writes what else belongs into the folder of a run, before it is put into place.
  using MoreFiles = std::function<Status(const OutputDirectory& output, const RunInfo& info,
                                         std::span<const ScenarioResults> results)>;

  RunCampaign(CampaignContext context, RunOptions options, std::vector<Scenario> scenarios, MoreFiles more_files)
      : context_(std::move(context)),
        options_(std::move(options)),
        scenarios_(std::move(scenarios)),
        more_files_(std::move(more_files)) {}

  // Opens the executor and makes every plan. What one scenario lacks is no trouble of the others: an error only if none
  // can run, or one has a mistake.
  Status plan();
  // From now on this trial, and no other.
  void only(std::uint64_t trial) { options_.trial = trial; }

  // After plan(). Where results go.
  Result<OutputDirectory> make_output() const;
  // All scenarios once, or as often as the options say; those that cannot run are told as not run, or left out.
  enum class NotRun : std::uint8_t { told, left_out };
  std::vector<ScenarioResults> run_all(OutputDirectory& output, NotRun not_run);
  // As results, those that cannot run. / All of them, each for its own reason if it has one, else for `why`.
  std::vector<ScenarioResults> not_run();
  std::vector<ScenarioResults> none_run(const Error& why);
  // Everything but the last step, OutputDirectory::finish().
  Status write_output(const OutputDirectory& output, std::span<const ScenarioResults> results) const;
  [[nodiscard]] RunInfo info(const std::string& directory) const;
  [[nodiscard]] std::size_t scenarios() const { return scenarios_.size(); }

 private:
  struct Job {
    Plan plan;
    std::optional<Error> cannot{};  // why it is not run; there is no plan then
  };
  ScenarioResults not_run(const Scenario& scenario, const Error& why);
  static void keep_scenario(Job& job, const Scenario& scenario, const OutputDirectory& output);
  ScenarioResults run_job(Job& job, std::size_t number, OutputDirectory& output);
  [[nodiscard]] std::string progress_of(const Job& job, std::size_t number, std::uint64_t round) const;

  const CampaignContext context_;
  RunOptions options_;
  const std::vector<Scenario> scenarios_;
  const MoreFiles more_files_;
  std::vector<Job> jobs_;  // one for each scenario
};

}  // namespace remapstorm
