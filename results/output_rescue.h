// SPDX-License-Identifier: Apache-2.0
// What a run that was killed (kill -9, power cut, out of memory) leaves: its finished trials are kept under a name of
// their own, marked incomplete; what had not finished is marked as cut, and half-written files go.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "results/folder_owner.h"

namespace remapstorm {

inline constexpr const char* kWorkingPrefix = ".remapstorm-unfinished-";
// Ends the name of a trial's folder whose recording stops in the middle.
inline constexpr const char* kCutSuffix = "-cut";

struct RescuedRun {
  std::string folder;
  unsigned finished = 0;  // trials whose recording is whole
  unsigned cut = 0;       // that stop in the middle
};

// "an earlier run was killed; its 3 finished trials are kept in FOLDER".
std::string describe(const RescuedRun& run);

// Does this events.jsonl end with the last event of a trial?
bool recording_is_whole(const std::string& events_path);

// `why`: there are no results beside them. Renames `working`, which nobody else uses and which is marked, to `target`,
// with a file INCOMPLETE in it that tells what it is and a file `reproduce` (where the disk has room). Kept are trials
// that had finished, and those whose verdict was certain where they were cut. Without one the folder is removed:
// nothing. If a step fails, nothing is lost and the next run tries again. Errors: usage (no mark), host.
Result<std::optional<RescuedRun>> rescue_run(const std::string& working, const std::string& target,
                                             const std::string& why = "it was killed");

// `name`, or "NAME-2" and so on: the first that is not there.
std::string free_name(const std::string& name);

// Every working folder in `parent` that a run left behind. `target_of` names the place for one, given its name without
// prefix. What cannot be kept stays where it is. rescue_in(): the caller owns `parent`, so that nobody else uses them.
// rescue_abandoned(): each has an owner of its own; those whose owner lives stay. `note`: see FolderOwner::take().
using PlaceOf = std::function<std::string(const std::string& rest)>;
std::vector<RescuedRun> rescue_in(const std::string& parent, const PlaceOf& target_of);
std::vector<RescuedRun> rescue_abandoned(const std::string& parent, const PlaceOf& target_of, const OwnerNote& note);

}  // namespace remapstorm
