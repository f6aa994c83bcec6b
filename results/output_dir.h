// SPDX-License-Identifier: Apache-2.0
// OutputDirectory: the folder a run leaves behind. It is ours by its mark (folder_mark.h) and by its owner while the
// run goes on (folder_owner.h). Everything is written into a working folder and moved at the end, so that a killed run
// leaves no half-written file under a name that a person or a program reads. The next run finds the working folder of a
// run that was killed and keeps its finished trials (output_rescue.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "results/folder_owner.h"
#include "results/output_rescue.h"

namespace remapstorm {

class OutputDirectory {
 public:
  // `requested`: --output-dir; created if missing. Of an earlier run that is there everything derived is replaced at
  // the end, and recordings of the same scenarios. `note`: told when it takes a while to know whether somebody has it.
  // Errors: usage (a file; not empty and not ours; another run uses it), host (cannot be created, disk full).
  static Result<OutputDirectory> at(const std::string& requested, const OwnerNote& note = {});
  // A new folder STATE/runs/STAMP-LABEL; finish() points STATE/runs/latest at it. `stamp`: see time_stamp().
  static Result<OutputDirectory> below_state(const std::string& state, const std::string& stamp,
                                             const std::string& label, const OwnerNote& note = {});

  OutputDirectory(OutputDirectory&& other) noexcept;
  OutputDirectory& operator=(OutputDirectory&&) = delete;
  // Without finish() it is as after give_up().
  ~OutputDirectory();

  // Where the folder is once finish() succeeded, absolute. Name files by this in results.
  [[nodiscard]] const std::string& path() const { return target_; }
  // Where to write until then.
  [[nodiscard]] const std::string& working_path() const { return working_; }

  // What earlier runs that were killed had finished; found and kept when this folder was made.
  [[nodiscard]] const std::vector<RescuedRun>& rescued() const { return rescued_; }

  // Creates (in the working folder) and names the folder of one trial, relative to both: "SCENARIO/STRATEGY/trial-0",
  // or "...-again-2" if that is taken. Error: host, also if somebody removed the working folder.
  Result<std::string> make_trial(const std::string& scenario, const std::string& strategy, std::uint64_t trial);
  // A file of the run, whole or not at all. Error: host; a full disk says so.
  Status write(const std::string& name, std::string_view content) const;
  // Puts everything into place and looks whether it is there. Errors: usage (something that is not ours is in the way),
  // host; each says what was kept of the run, and where.
  Status finish();
  // The end of a run that cannot have its results in place, for `error`: its recordings are kept, as those of a run
  // that was killed; without any nothing stays. Returns `error` with what was kept, and where.
  Error give_up(Error error);

 private:
  OutputDirectory() = default;
  Status claim(const std::string& working, const OwnerNote& note);
  [[nodiscard]] Status look() const;
  Status put_into_place();
  Status point_latest() const;
  std::optional<RescuedRun> keep_recordings(const std::string& why);

  std::string target_;
  std::string working_;       // empty: the run is over
  std::string latest_link_;   // empty: none, and target_ exists already
  bool made_target_ = false;  // by us, and not there before
  std::vector<RescuedRun> rescued_;
  std::vector<std::string> trials_;   // what make_trial() named
  std::optional<FolderOwner> owner_;  // of target_, or of working_ where that becomes target_
};

// "20260131T235959Z" for seconds since 1970, UTC.
std::string time_stamp(std::int64_t seconds);
// "2026-01-31T23:59:59Z".
std::string rfc3339(std::int64_t seconds);

}  // namespace remapstorm
