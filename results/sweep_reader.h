// SPDX-License-Identifier: Apache-2.0
// Reads what a sweep left (docs/sweep.md): every trial of its table, also those whose recordings were not kept.
#pragma once

#include <string>

#include "base/result.h"
#include "results/run_record.h"

namespace remapstorm {

// A folder of a sweep: sweep.json, or sweep.jsonl of one that was killed before it wrote that.
bool is_sweep_folder(const std::string& folder);
// Its trials, those that did not run included. Error: usage (cannot be read, another schema, damaged).
Status read_sweep(const std::string& folder, RunRecord& run);

}  // namespace remapstorm
