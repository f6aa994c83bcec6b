// SPDX-License-Identifier: Apache-2.0
// A command of this program on the lab's emulated host: lab/run KIND PROGRAM ARGUMENTS..., files shared.
#pragma once

#include <atomic>
#include <string>

#include "cli/command.h"

namespace remapstorm {

// Runs it to its end; its standard error is ours, its standard output goes
// nowhere. Once `stop` is true it gets SIGINT. Dies
// with this process. Returns its exit code. Errors: unavailable (no source tree with the lab), host.
Result<int> run_in_lab(const CommandContext& context, const std::string& kind, const Arguments& arguments,
                       const std::atomic<bool>& stop);

// The exit code of the table of docs/commands.md that another process's is counted as. Somebody's signal counts as host
// trouble, and whatever is not in the table (a crash) as a bug of remapstorm.
int counted_exit_code(int code);

}  // namespace remapstorm
