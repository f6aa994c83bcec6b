// SPDX-License-Identifier: Apache-2.0
// What a person asked `remapstorm soak` for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaign/soak.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/report_files.h"

namespace remapstorm {

struct SoakRequest : SoakOptions {
  ReportFiles files;
};

// See cli/words.h.
struct SoakWords {
  using Options = SoakRequest;
  static const CommandText kText;
  std::optional<std::string> trials, seed, strategies, flavour, hosts, jobs, output_dir, sha256;
  ReportFilesWords files;
  bool quiet = false;

  void declare(ArgumentParser& parser);
  Result<SoakRequest> check(const CommandContext& context) const;
};

}  // namespace remapstorm
