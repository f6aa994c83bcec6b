// SPDX-License-Identifier: Apache-2.0
// What a person asked `remapstorm compare` for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaign/compare.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/output_format.h"
#include "cli/report_files.h"

namespace remapstorm {

struct CompareRequest : CompareOptions {
  OutputFormat format = OutputFormat::pretty;
  ReportFiles files;
  bool quiet = false;
};

// See cli/words.h.
struct CompareWords {
  using Options = CompareRequest;
  static const CommandText kText;
  std::optional<std::string> strategies, flavour, repeat, seed, steal, output_dir, format;
  ReportFilesWords files;
  bool quiet = false, count = false;

  void declare(ArgumentParser& parser);
  Result<CompareRequest> check(const CommandContext& context) const;
};

}  // namespace remapstorm
