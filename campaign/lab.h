// SPDX-License-Identifier: Apache-2.0
// A command of this program on the lab's emulated host: lab/run KIND PROGRAM ARGUMENTS..., files shared.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/result.h"
#include "campaign/installation.h"

namespace remapstorm {

// The variable in which ./run names the program for a lab of another architecture than ours: REMAPSTORM_ARM64_PROGRAM.
std::string lab_program_variable(const std::string& kind);

// Runs `arguments` on the lab `kind` to their end; standard error is ours, standard output goes nowhere. Returns the
// exit code. Errors: unavailable (no source tree with the lab), host.
using RunInLab = std::function<Result<int>(const std::string& kind, const Arguments& arguments)>;

// The lab of the source tree. `program`: to run there; empty: this one. Once `stop` is true what runs there gets
// SIGINT; it dies with this process.
Result<int> run_in_lab(const std::string& source_dir, const std::string& kind, const std::string& program,
                       const Arguments& arguments, const std::atomic<bool>& stop);

// The exit code of the table of docs/commands.md that another process's is counted as. Somebody's signal counts as host
// trouble, and whatever is not in the table (a crash) as a bug of remapstorm.
int counted_exit_code(int code);

}  // namespace remapstorm
