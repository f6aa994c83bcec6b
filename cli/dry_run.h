// SPDX-License-Identifier: Apache-2.0
// run --dry-run: the plan of each scenario, nothing started.
#pragma once

#include <vector>

#include "cli/command.h"
#include "cli/run_options.h"

namespace remapstorm {

// Returns the exit code. Symbols are checked only if a guest image has been built.
int dry_run(const CommandContext& context, const RunRequest& options, const std::vector<Scenario>& scenarios);

}  // namespace remapstorm
