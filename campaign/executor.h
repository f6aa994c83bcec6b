// SPDX-License-Identifier: Apache-2.0
// Executor: who runs the trials of a campaign. On this machine's KVM: campaign/guests.h; tests have one that needs
// none.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "results/trial_result.h"
#include "trial/kept_trial.h"

namespace remapstorm {

struct TrialRequest {
  const Plan& plan;
  std::uint64_t trial = 0;          // from 0
  std::string folder{};             // exists; gets events.jsonl and console.log. Empty: they are not kept
  std::vector<EventSink*> sinks{};  // who hears its events besides
};

// Each worker's calls come one after another, those of several from threads of their own.
class Executor {
 public:
  virtual ~Executor() = default;

  // Before everything else. Errors: unavailable, host.
  virtual Status open() = 0;
  [[nodiscard]] virtual const HostInfo& host() const = 0;
  // The guest image of a flavour, as its manifest tells it. Errors: unavailable (there is none), usage.
  virtual Result<GuestImageInfo> image(const std::string& flavour) = 0;
  // Errors: those of image() and of make_plan(), host.
  virtual Result<Plan> plan(const Scenario& scenario, const Overrides& overrides) = 0;
  // To its verdict. Once it has begun, trouble of the host is in the result. Error: this worker can begin none, those
  // of image(), host.
  virtual Result<TrialResult> run(unsigned worker, const TrialRequest& request, const Watching& watching) = 0;
  // A control trial, on a machine that this worker keeps for plans of the same machine and workloads; `events`: all of
  // it. After an error the next one boots. Error: host.
  virtual Result<TrialResult> run_control(unsigned worker, const Plan& plan, std::vector<Event>& events) = 0;
};

}  // namespace remapstorm
