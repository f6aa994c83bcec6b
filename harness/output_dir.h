// SPDX-License-Identifier: Apache-2.0
// OutputDirectory: the folder a run leaves behind. Everything is written into a working folder beside it and renamed
// at the end, so that a killed run leaves no half-written file under a name that a person or a program reads. The
// next run finds the working folder of a run that was killed and keeps its finished trials (output_rescue.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "harness/output_rescue.h"

namespace remapstorm {

class OutputDirectory {
 public:
  // `lab_job`: see lab_job() of paths.h; empty outside the lab.
  // `requested`: --output-dir; created if missing, entries of the same name are replaced at the end.
  // Errors: usage (it is a file, or cannot be made or written into), host (disk full).
  static Result<OutputDirectory> at(const std::string& requested, const std::string& lab_job = {});
  // A new folder STATE/runs/STAMP-LABEL; finish() points STATE/runs/latest at it. `stamp`: see time_stamp().
  static Result<OutputDirectory> below_state(const std::string& state, const std::string& stamp,
                                             const std::string& label, const std::string& lab_job = {});

  OutputDirectory(OutputDirectory&& other) noexcept;
  OutputDirectory& operator=(OutputDirectory&&) = delete;
  // Without finish() nothing of this run stays.
  ~OutputDirectory();

  // Where the folder is once finish() succeeded, absolute. Name files by this in results.
  [[nodiscard]] const std::string& path() const { return target_; }
  // Where to write until then.
  [[nodiscard]] const std::string& working_path() const { return working_; }

  // What earlier runs that were killed had finished; found and kept when this folder was made.
  [[nodiscard]] const std::vector<RescuedRun>& rescued() const { return rescued_; }

  // Creates (in the working folder) and names the folder of one trial, relative to both: "SCENARIO/STRATEGY/trial-0",
  // or "...-again-2" if that is taken.
  Result<std::string> make_trial(const std::string& scenario, const std::string& strategy, std::uint64_t trial);
  // A file of the run, whole or not at all. Error: host; a full disk says so.
  Status write(const std::string& name, std::string_view content) const;
  // Renames everything into place. After an error the working folder is kept and named in the error.
  Status finish();

 private:
  OutputDirectory() = default;
  Status claim(const std::string& working, bool asked_for = false);

  std::string target_;
  std::string working_;
  std::string latest_link_;  // empty: none, and target_ exists already
  std::vector<RescuedRun> rescued_;
  Fd lock_;  // flock on the working folder: it is in use
};

// "20260131T235959Z" for seconds since 1970, UTC.
std::string time_stamp(std::int64_t seconds);
// "2026-01-31T23:59:59Z".
std::string rfc3339(std::int64_t seconds);

}  // namespace remapstorm
