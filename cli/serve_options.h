// SPDX-License-Identifier: Apache-2.0
// ServeOptions: what a person asked `remapstorm serve` for.
#pragma once

#include <optional>

#include "cli/command.h"
#include "cli/kept_rounds.h"
#include "harness/run_options.h"

namespace remapstorm {

struct ServeOptions {
  RunOptions run;                       // one trial of each scenario; `trial` is set for each round
  std::optional<std::uint64_t> rounds;  // end after so many
  std::optional<Nanoseconds> length;    // end with the round in which this is over
  KeepLimits keep;
};

// Looks at no file. Nothing: help is wanted. Errors: usage.
Result<std::optional<ServeOptions>> parse_serve_options(const CommandContext& context, const Arguments& arguments);
std::string serve_help(const CommandContext& context);

}  // namespace remapstorm
