// SPDX-License-Identifier: Apache-2.0
// sweep.json.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "results/sweep.h"

namespace remapstorm {

inline constexpr int kSweepSchema = 1;

// sweep.json (docs/sweep.md).
std::string sweep_json(const Sweep& sweep);
// Which cells of such a file did not run to their end, as cells of `host`. Error: usage (cannot be read, another
// schema, no sweep).
Result<std::vector<SweepGap>> read_sweep_gaps(const std::string& path, const std::string& host);

}  // namespace remapstorm
