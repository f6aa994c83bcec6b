// SPDX-License-Identifier: Apache-2.0
// ServeOptions: what a person asked `remapstorm serve` for.
#pragma once

#include <optional>

#include "campaign/serve.h"
#include "cli/command.h"
#include "cli/run_options.h"

namespace remapstorm {

struct ServeRequest {
  RunRequest run;
  ServeOptions options;
};

// See cli/words.h.
struct ServeWords {
  using Options = ServeRequest;
  static const CommandText kText;
  RunWords run;
  std::optional<std::string> rounds, length, keep_last, keep_unexpected, keep_size;

  void declare(ArgumentParser& parser);
  Result<ServeRequest> check(const CommandContext& context) const;
};

}  // namespace remapstorm
