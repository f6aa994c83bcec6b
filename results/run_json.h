// SPDX-License-Identifier: Apache-2.0
// results.json.
#pragma once

#include <span>
#include <string>

#include "results/run.h"

namespace remapstorm {

// The text of results.json (docs/results-schema.md), complete at any time: a run that is interrupted writes what it
// has.
std::string results_json(const RunInfo& run, std::span<const ScenarioResults> results);

}  // namespace remapstorm
