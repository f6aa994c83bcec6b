// SPDX-License-Identifier: Apache-2.0
// results.json.
#pragma once

#include <span>
#include <string>

#include "results/run.h"

namespace remapstorm {

// 1: `windows` was from break to make, and p99_ns a number always.
inline constexpr int kResultsSchema = 2, kOldestResultsSchema = 1;

// The text of results.json (docs/results-schema.md), complete at any time: a run that is interrupted writes what it
// has.
std::string results_json(const RunInfo& run, std::span<const ScenarioResults> results);

}  // namespace remapstorm
