// SPDX-License-Identifier: Apache-2.0
// ServeCampaign: the same scenarios round after round, each round in a folder of its own of which only some stay.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "campaign/kept_rounds.h"
#include "campaign/run.h"
#include "results/served.h"

namespace remapstorm {

struct ServeOptions {
  RunOptions run;                       // one trial of each scenario, that of the round's number
  std::optional<std::uint64_t> rounds;  // end after so many
  std::optional<Nanoseconds> length;    // end with the round in which this is over
  KeepLimits keep;
};

// What a round came to.
struct ServedRound {
  std::uint64_t number = 0;
  Nanoseconds since_begin{0};
  std::string outcome;  // what was not as expected, in words; empty: nothing
  std::string folder;
  const std::vector<ScenarioResults>& results;
};

class ServeCampaign {
 public:
  // `on_round` is called after each round.
  ServeCampaign(const CampaignContext& context, const ServeOptions& options, std::vector<Scenario> scenarios,
                RunCampaign::MoreFiles more_files, std::function<void(const ServedRound&)> on_round)
      : context_(context),
        options_(options),
        run_(context, options.run, std::move(scenarios), std::move(more_files)),
        on_round_(std::move(on_round)) {}

  // Makes every plan and the output folder. Errors: those of RunCampaign::plan() and WorkFolder.
  Status prepare();
  // After prepare(): until a signal, or as long as the options say.
  const Served& run();
  [[nodiscard]] const std::string& directory() const { return folder_->path(); }
  [[nodiscard]] std::size_t rounds_kept() const { return kept_.size(); }

 private:
  [[nodiscard]] bool over() const;
  void run_round();
  // One round with its output there. Error: host, if nothing can be written there.
  Result<std::vector<ScenarioResults>> run_in(const std::string& folder);
  void remember(std::uint64_t number, const std::vector<ScenarioResults>& results);
  void drop_old_rounds();
  void find_earlier_rounds();
  void pause_after_failure();
  void count(const Error& error);    // says it and counts its exit code
  void trouble(const Error& error);  // says the first
  [[nodiscard]] std::string folder_of(std::uint64_t number) const;

  const CampaignContext context_;
  const ServeOptions options_;
  RunCampaign run_;
  const std::function<void(const ServedRound&)> on_round_;
  std::optional<WorkFolder> folder_;
  std::vector<KeptRound> kept_;  // on disk, in the order of their numbers
  Served served_;
  std::uint64_t next_ = 0;  // number of the next round, which is also that of its trials
  unsigned failures_ = 0;   // rounds in a row without any verdict
  bool trouble_said_ = false;
  Nanoseconds began_{0};
};

}  // namespace remapstorm
