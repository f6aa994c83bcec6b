// SPDX-License-Identifier: Apache-2.0
// What a run wrote into results.json (docs/results-schema.md) about the trials whose recordings lie beside it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "telemetry/finding.h"

namespace remapstorm {

struct RecordedResult {
  std::optional<Verdict> verdict;  // empty: the trial did not run
  bool ok = false;
  std::string outcome;  // as outcome_of() words it
};

// By the trial's folder, relative to the file.
using RecordedResults = std::map<std::string, RecordedResult>;

// Error: usage (cannot be read, not ours, unknown schema).
Result<RecordedResults> read_recorded_results(const std::string& path);

// The results.json that belongs to the recording in `folder`: in it or up to three folders above. Empty: none.
std::string results_beside(const std::string& folder);

}  // namespace remapstorm
