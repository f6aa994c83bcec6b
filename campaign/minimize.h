// SPDX-License-Identifier: Apache-2.0
// MinimizeCampaign: the minimizer (campaign/minimizer.h) with real guests, from the first try to the files it leaves:
// minimal.toml, minimize.json, reproduce, and the recordings of the tries that confirm the result.
#pragma once

#include <optional>
#include <string>

#include "campaign/campaign.h"
#include "campaign/minimizer.h"
#include "campaign/run.h"

namespace remapstorm {

struct MinimizeRunOptions {
  RunOptions run;                  // overrides, trial, output folder
  std::optional<Verdict> verdict;  // what to keep; empty: that of the first try
  std::uint64_t tries = 3;         // R
  std::uint64_t needed = 2;        // K: a candidate counts if K of R tries show it
};

class MinimizeCampaign {
 public:
  MinimizeCampaign(CampaignContext context, MinimizeRunOptions options)
      : context_(std::move(context)), options_(std::move(options)) {}

  // Opens the executor and the output folder. Errors as those of `run`.
  Status prepare(const Scenario& scenario);
  // After prepare(). Finds what is to be kept: false if a signal came before that was known. Errors: usage (there is
  // nothing to minimize), host.
  Result<bool> find_outcome();
  // After find_outcome(). Searches and puts the files into place. Error: host; what was found is there none the less.
  Status run();
  // What came of run().
  [[nodiscard]] const Minimized& found() const { return *minimized_; }
  [[nodiscard]] const Scenario& given() const { return start_; }  // self-contained: with the command line's changes
  [[nodiscard]] const std::string& outcome() const { return outcome_; }  // "deadlock, FINGERPRINT"
  [[nodiscard]] std::string verdict() const { return outcome_.substr(0, outcome_.find(',')); }
  [[nodiscard]] std::uint64_t trials() const { return trials_; }
  [[nodiscard]] std::string file() const { return output_->path() + "/minimal.toml"; }
  [[nodiscard]] std::string repeat_line() const;
  [[nodiscard]] std::string json() const;  // minimize.json
  [[nodiscard]] OutputDirectory& output() { return *output_; }

 private:
  Result<Plan> plan_for(const Scenario& scenario) const;
  Result<std::optional<std::string>> try_once(const Scenario& scenario, std::uint64_t attempt);
  Status write_output();
  void forget_recordings() const;
  void tell(const MinimizeStep& step) const;

  const CampaignContext context_;
  const MinimizeRunOptions options_;
  std::optional<OutputDirectory> output_;
  Scenario start_;
  std::optional<Minimized> minimized_;
  std::string text_;     // of minimal.toml
  std::string outcome_;  // what is to be kept
  std::uint64_t trials_ = 0;
};

}  // namespace remapstorm
