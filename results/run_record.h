// SPDX-License-Identifier: Apache-2.0
// RunRecord: what a folder of a run, of a sweep, of an exploration, or of recordings alone says of itself, in few words
// for each trial. A results.json of any length is read trial by trial.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/guest_info.h"
#include "plan/host_info.h"
#include "results/certificate.h"
#include "telemetry/finding.h"
#include "telemetry/statistics.h"

namespace remapstorm {

struct RecordedTrial {
  std::string scenario, strategy, flavour;
  std::uint64_t trial = 0, attempt = 1;
  std::optional<std::uint64_t> seed;  // of a sweep, where it tells a cell's trials apart
  std::optional<Verdict> expected;
  std::optional<Verdict> verdict;  // empty: it did not run
  bool ok = false;
  Nanoseconds duration{0}, boot{0};
  bool booted = false;
  std::vector<std::string> reasons, differences, notes;
  std::string error, hint;  // why it did not run, or what failed
  std::string summary;      // of the finding that decided; may be empty
  std::string fingerprint;  // likewise
  std::string directory;    // relative to the run's folder; may be empty
  std::string repeat;
  LengthSummary windows;       // count 0: none, or not known
  bool break_to_make = false;  // windows: of an old recording, which does not tell how long entries were invalid
  std::uint64_t count = 1;     // how many trials this stands for: more than one in an exploration
};

struct RunRecord {
  enum class Kind { run, sweep, exploration, recordings } kind = Kind::run;
  std::string folder;
  std::string name;        // of the folder
  std::string started_at;  // RFC 3339, UTC; empty: nobody wrote it down
  std::string version;
  HostInfo host;
  GuestImageInfo guest;
  std::vector<RecordedTrial> trials;
  std::uint64_t trials_left_out = 0;  // beyond kMostTrials
  std::optional<Certificate> certificate;
  std::vector<std::string> missing;  // what should be there and is not, a sentence each

  static constexpr std::size_t kMostTrials = 20'000;
};

// Whether a folder holds something that read_run() understands: results.json, sweep.json, certificate.json, their
// journals or recordings below it.
bool is_run_folder(const std::string& folder);
// `path`: such a folder, or one events.jsonl. Error: usage (nothing of ours there, another schema, damaged).
Result<RunRecord> read_run(const std::string& path);

// "deadlock, FINGERPRINT", "clean", "not run": trials with equal outcomes are told together.
std::string outcome_of(const RecordedTrial& trial);

}  // namespace remapstorm
