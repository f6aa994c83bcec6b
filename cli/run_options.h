// SPDX-License-Identifier: Apache-2.0
// The words after `run` become RunOptions.
#pragma once

#include <optional>

#include "cli/command.h"
#include "harness/run_options.h"

namespace remapstorm {

// Looks at no file. Nothing: help is wanted. Errors: usage.
Result<std::optional<RunOptions>> parse_run_options(const CommandContext& context, const Arguments& arguments);

// The help text of `run`.
std::string run_help(const CommandContext& context);

}  // namespace remapstorm
