// SPDX-License-Identifier: Apache-2.0
// A real guest at a window, and certificates of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "campaign/explore/explorer.h"
#include "cli/scenario_files.h"
#include "trial/guest_image.h"
#include "trial/runner.h"

namespace remapstorm {

class Explored {
 public:
  // Everything up to a Runner; fails the test if this machine cannot.
  Explored() {
    if (const Status begun = begin(); !begun.ok()) {
      ADD_FAILURE() << begun.error().message << " HINT: " << begun.error().hint;
    }
  }
  [[nodiscard]] bool usable() const { return runner_ != nullptr; }
  [[nodiscard]] TrialEnvironment environment() const { return runner_->environment(); }

  Result<Plan> plan(const ExploreOptions& options) const {
    return explore_plan(options, image_, host_, runner_->resolver());
  }
  Result<std::unique_ptr<Exploration>> reach(const ExploreOptions& options) const {
    RS_ASSIGN(Plan one, plan(options));
    return reach_window(environment(), options, std::move(one), [](const std::string&) {});
  }
  // Runs these points; the trials in order.
  Result<Certificate> run(Exploration& exploration, std::vector<ExplorePoint> points, unsigned jobs = 1) const {
    Certificate certificate = certificate_of(exploration);
    ExploreHooks hooks;
    hooks.tick = [] {};
    hooks.done = [&](const PointOutcome& outcome, const std::vector<Event>&) -> Status {
      if (const auto* trial = std::get_if<ExploredTrial>(&outcome)) certificate.trials.push_back(*trial);
      if (const auto* skipped = std::get_if<SkippedPoint>(&outcome)) certificate.skipped.push_back(*skipped);
      return {};
    };
    RS_TRY(explore(environment(), exploration, std::move(points), jobs, hooks));
    certificate.sort();
    return certificate;
  }

 private:
  Status begin() {
    RS_ASSIGN(Kvm kvm, Kvm::open());
    kvm_.emplace(std::move(kvm));
    RS_ASSIGN(host_, describe_host(*kvm_, clock_, process_environment()));
    RS_ASSIGN(const Paths paths, find_paths(process_environment(), home_from_user_database()));
    RS_ASSIGN(image_, find_guest_image(paths, process_environment(), "std"));
    RS_ASSIGN(runner_, Runner::create(*kvm_, image_, {}, host_, clock_, stop_, ""));
    return {};
  }

  SteadyClock clock_;
  std::atomic<bool> stop_{false};
  std::optional<Kvm> kvm_;
  HostInfo host_;
  GuestImageInfo image_;
  std::unique_ptr<Runner> runner_;
};

inline ExploreOptions asked(const char* window, const char* strategy) {
  ExploreOptions options;
  options.window = *parse_window(window);
  options.strategy = strategy;
  return options;
}

// What was skipped and why, for a failure's message.
inline std::string troubles(const Certificate& certificate) {
  std::string text;
  for (const SkippedPoint& one : certificate.skipped) {
    text += name_of(certificate.boundaries[one.boundary]) + " " + one.inject + ": " + one.reason + "\n";
  }
  return text;
}

}  // namespace remapstorm
