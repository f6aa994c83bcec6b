// SPDX-License-Identifier: Apache-2.0
// The words of `minimize`.
#pragma once

#include <cstdint>
#include <optional>

#include "campaign/run_options.h"
#include "cli/command.h"
#include "cli/run_options.h"

namespace remapstorm {

struct MinimizeRequest {
  RunOptions run;                  // one scenario; overrides, seed, trial, output folder
  std::optional<Verdict> verdict;  // what to keep; empty: that of the first try
  std::uint64_t tries = 3;         // R
  std::uint64_t needed = 2;        // K: a candidate counts if K of R tries show it
};

// See cli/words.h.
struct MinimizeWords {
  using Options = MinimizeRequest;
  static const CommandText kText;
  RunWords run;
  std::optional<std::string> verdict, at_least;

  void declare(ArgumentParser& parser);
  Result<MinimizeRequest> check(const CommandContext& context) const;
};

}  // namespace remapstorm
