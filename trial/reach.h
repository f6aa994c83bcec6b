// SPDX-License-Identifier: Apache-2.0
// Takes a guest to a place and freezes it there, for who runs many trials from that place.
#pragma once

#include <memory>

#include "trial/recorder.h"
#include "trial/trial.h"

namespace remapstorm {

struct Reached {
  std::unique_ptr<Recorder> recorder;  // of the way there; not ended
  std::unique_ptr<Machine> machine;    // frozen if it came there, else stopped
  MachineState state;                  // caught: it came there; else why it did not
  bool interrupted = false;
  StoppedAt stopped;  // when it was caught: others ran on until they were frozen, too
};

// A guest, booted or from a snapshot of its ready doorbell, until `task.catch_at` catches it or `limits` are over.
// `plan` must outlive what comes back. Error: no machine could be made, or a vCPU does not come out of the guest.
Result<Reached> reach(const TrialEnvironment& environment, const Plan& plan, MachineTask task, const Limits& limits,
                      const Progress& progress);

}  // namespace remapstorm
