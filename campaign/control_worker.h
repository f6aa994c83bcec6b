// SPDX-License-Identifier: Apache-2.0
// ControlWorker: one machine that stands at its first remap.begin, set back there in place for one trial after the
// other. For one thread. The machine is that of one plan: other plans may differ in their rules, not in machine and
// workloads.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "plan/plan.h"
#include "trial/machine.h"
#include "trial/trial.h"

namespace remapstorm {

class ControlWorker {
 public:
  // Boots the guest if nobody has yet, and lets it run until its first remap begins. `environment` must outlive
  // this. `plan`: without rules. Errors: host.
  static Result<std::unique_ptr<ControlWorker>> create(const TrialEnvironment& environment, const Plan& plan);

  // Back to there, then `plan` to its verdict; its duration begins there. `events`: all of it. After an error this
  // machine is of no more use.
  Result<TrialResult> execute(const Plan& plan, std::vector<Event>& events);

 private:
  explicit ControlWorker(const TrialEnvironment& environment) : environment_(environment) {}
  Status reach_remap(const Plan& plan);
  Result<TrialResult> on_a_machine_of_its_own(const Plan& plan, std::vector<Event>& events) const;

  TrialEnvironment environment_;
  std::optional<MachineSnapshot> at_remap_;
  std::vector<Event> prologue_;  // everything up to there
  StoppedAt stopped_;
  std::unique_ptr<Machine> machine_;
};

}  // namespace remapstorm
