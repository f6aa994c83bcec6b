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

// What its exit code counts for among ours: one that is none of ours (a crash) for a bug of remapstorm, one of
// somebody's kill -9 for trouble of the host.
int counted_exit_code(int code);

}  // namespace remapstorm
