// SPDX-License-Identifier: Apache-2.0
// A command of this program on the lab's emulated host: lab/run KIND PROGRAM ARGUMENTS..., files shared.
#pragma once

#include <atomic>
#include <string>

#include "cli/command.h"

namespace remapstorm {

// "x86" of "lab:x86"; empty for any other host.
std::string lab_kind(const std::string& host);

// Runs it to its end; its standard error is ours, its standard output goes
// nowhere. Once `stop` is true it gets SIGINT. Dies
// with this process. Returns its exit code. Errors: unavailable (no source tree with the lab), host.
Result<int> run_in_lab(const CommandContext& context, const std::string& kind, const Arguments& arguments,
                       const std::atomic<bool>& stop);

// A command that repeats something on the lab's host: "./run X" becomes "./run --lab x86 X".
std::string lab_command(const std::string& command, const std::string& kind);

}  // namespace remapstorm
