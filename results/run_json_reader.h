// SPDX-License-Identifier: Apache-2.0
// Reads a results.json (docs/results-schema.md) trial by trial: its size does not matter.
#pragma once

#include <string>

#include "base/result.h"
#include "results/run_record.h"

namespace remapstorm {

// Adds what the file says to `run`, of its trials at most `most`. Error: usage (cannot be read, not ours, unknown
// schema, wrong fields).
Status read_results(const std::string& path, RunRecord& run, std::size_t most = RunRecord::kMostTrials);

}  // namespace remapstorm
