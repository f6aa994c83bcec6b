// SPDX-License-Identifier: Apache-2.0
// Replay: a recorded trial is judged again, from its events.jsonl and nothing else. No KVM, no guest image.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "results/recorded_results.h"
#include "results/trial_result.h"
#include "telemetry/event.h"

namespace remapstorm {

// The recordings that a path means: the file itself, or every events.jsonl below the folder, trials in the order of
// their numbers. Error: usage (nothing there).
Result<std::vector<std::string>> find_recordings(const std::string& path);

struct Replayed {
  RecordedPlan plan;
  // A recording that stops in the middle or has lines that cannot be read is no proof of anything that could still have
  // changed: its verdict is `error`, with what is missing as the reasons, and TrialResult::error says which it is
  // (host: stops in the middle; usage: damaged). What was proven before the cut stands, with a note.
  TrialResult result;
};
// Holds one event at a time: a recording of any size. `also` is shown every event, too. Error: usage (no event file of
// ours, no plan in it).
Result<Replayed> replay(const std::string& events_path, EventSink* also = nullptr);

// Notes in `result` what the run had recorded of the same trial, and makes it a difference if the two do not agree.
// Returns whether they agree.
bool compare_with(const RecordedResult& recorded, TrialResult& result);

}  // namespace remapstorm
