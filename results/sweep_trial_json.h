// SPDX-License-Identifier: Apache-2.0
// A trial of a sweep as sweep.json and sweep.jsonl have it; its cell is told beside. Private to .cpp files, like
// telemetry/json_fields.h.
#pragma once

#include "results/sweep.h"
#include "telemetry/json_fields.h"

namespace remapstorm {

inline Json sweep_trial_to_json(const SweepTrial& trial) {
  return {{"seed", trial.seed},
          {"verdict", verdict_name(trial.verdict)},
          {"ok", trial.ok},
          {"exit_code", trial.exit_code},
          {"reason", trial.reason},
          {"differences", trial.differences},
          {"fingerprint", trial.fingerprint},
          {"duration_ns", trial.duration.count()},
          {"repeat", trial.repeat},
          {"events", trial.events}};
}

}  // namespace remapstorm
