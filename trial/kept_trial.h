// SPDX-License-Identifier: Apache-2.0
// What a trial leaves behind: events.jsonl and console.log of its folder, its events as metrics, and, whatever went
// wrong, a result.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "plan/plan.h"
#include "results/trial_result.h"
#include "telemetry/event.h"

namespace remapstorm {

class Metrics;

// Who hears of a trial while it runs.
struct Watching {
  // About every 100 ms while a trial runs: "booting" or "running", and for how long; may be empty.
  std::function<void(const char* phase, Nanoseconds since_start)> progress;
  // Each line of the guest's console as it comes, from a vCPU thread; may be empty.
  std::function<void(const std::string& line)> console;
  // What a person should know and the verdict does not: a snapshot that was refused, a disk that is full.
  std::function<void(const std::string& line)> note;
  // Where the trial's events go besides; may be null.
  Metrics* metrics = nullptr;
};

using RunTrial = std::function<Result<TrialResult>(std::vector<EventSink*> sinks)>;

// Lets `run` run with the sinks that keep it, and `sinks`. `folder`: exists and gets the files; empty: none are kept.
// Never throws away what was seen: files that cannot be written are the result's error.
TrialResult keep_trial(const Plan& plan, std::uint64_t trial, const std::string& folder, std::vector<EventSink*> sinks,
                       const Watching& watching, const Clock& clock, const RunTrial& run);

}  // namespace remapstorm
