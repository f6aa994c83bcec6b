// SPDX-License-Identifier: Apache-2.0
// The words of `minimize`.
#pragma once

#include <cstdint>
#include <optional>

#include "campaign/minimize.h"
#include "cli/command.h"
#include "cli/run_options.h"

namespace remapstorm {

struct MinimizeRequest {
  RunRequest run;  // one scenario
  MinimizeRunOptions options;
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
