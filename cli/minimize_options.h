// SPDX-License-Identifier: Apache-2.0
// The words of `minimize`.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/command.h"
#include "harness/run_options.h"

namespace remapstorm {

struct MinimizeRequest {
  RunOptions run;                  // one scenario; overrides, seed, trial, output folder
  std::optional<Verdict> verdict;  // what to keep; empty: that of the first try
  std::uint64_t tries = 3;         // R
  std::uint64_t needed = 2;        // K: a candidate counts if K of R tries show it
};

// Looks at no file. Nothing: help is wanted. Errors: usage.
Result<std::optional<MinimizeRequest>> parse_minimize_request(const CommandContext& context,
                                                              const Arguments& arguments);
// The help text of `minimize`.
std::string minimize_help(const CommandContext& context);

}  // namespace remapstorm
