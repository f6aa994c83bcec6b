// SPDX-License-Identifier: Apache-2.0
// What a run that was killed (kill -9, power cut, out of memory) leaves: its finished trials are kept under a name of
// their own, marked incomplete; what had not finished is marked as cut, and half-written files go.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace remapstorm {

inline constexpr const char* kWorkingPrefix = ".remapstorm-unfinished-";
// Ends the name of a trial's folder whose recording stops in the middle.
inline constexpr const char* kCutSuffix = "-cut";

struct RescuedRun {
  std::string folder;
  unsigned finished = 0;  // trials whose recording is whole
  unsigned cut = 0;
};

// "an earlier run was killed; its 3 finished trials are kept in FOLDER".
std::string describe(const RescuedRun& run);

// Does this events.jsonl end with the last event of a trial?
bool recording_is_whole(const std::string& events_path);

// Renames `working`, whose lock the caller holds, to `target`, with a file INCOMPLETE in it that tells what it is. A
// folder without a single finished trial is removed: nothing. If a step fails, nothing is lost and the next run tries
// again. Error: host.
Result<std::optional<RescuedRun>> rescue_run(const std::string& working, const std::string& target);

// At the end of the name of a working folder of a run on the lab's host, which shares our files but not our locks: then
// comes the process id of its lab/run.
constexpr const char* kLabMark = ".in-lab-";

// Every folder in `parent` that a run left behind: nobody holds its lock, and of a run in the lab lab/run is gone, too.
// In the lab only its own are known about. `lab_job`: the process id of our lab/run, empty outside the lab. `target_of`
// names the place for one, given its name without prefix and mark. What cannot be kept stays where it is.
std::vector<RescuedRun> rescue_abandoned(const std::string& parent, const std::string& lab_job,
                                         const std::function<std::string(const std::string& rest)>& target_of);

}  // namespace remapstorm
