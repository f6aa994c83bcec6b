// SPDX-License-Identifier: Apache-2.0
// run --dry-run: the plan of each scenario, nothing started.
#pragma once

#include <vector>

#include "campaign/run_options.h"
#include "cli/command.h"

namespace remapstorm {

// Returns the exit code. Symbols are checked only if a guest image has been built.
int dry_run(const CommandContext& context, const RunOptions& options, const std::vector<Scenario>& scenarios);

}  // namespace remapstorm
