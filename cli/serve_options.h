// SPDX-License-Identifier: Apache-2.0
// ServeOptions: what a person asked `remapstorm serve` for.
#pragma once

#include <optional>

#include "campaign/run_options.h"
#include "cli/command.h"
#include "cli/kept_rounds.h"
#include "cli/run_options.h"

namespace remapstorm {

struct ServeOptions {
  RunOptions run;                       // one trial of each scenario; `trial` is set for each round
  std::optional<std::uint64_t> rounds;  // end after so many
  std::optional<Nanoseconds> length;    // end with the round in which this is over
  KeepLimits keep;
};

// See cli/words.h.
struct ServeWords {
  using Options = ServeOptions;
  static const CommandText kText;
  RunWords run;
  std::optional<std::string> rounds, length, keep_last, keep_unexpected, keep_size;

  void declare(ArgumentParser& parser);
  Result<ServeOptions> check(const CommandContext& context) const;
};

}  // namespace remapstorm
