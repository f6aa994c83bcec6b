// SPDX-License-Identifier: Apache-2.0
// What a person asked `remapstorm sweep` for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaign/sweep.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/output_format.h"
#include "cli/report_files.h"

namespace remapstorm {

struct SweepRequest : SweepOptions {
  OutputFormat format = OutputFormat::pretty;
  ReportFiles files;
};

// See cli/words.h.
struct SweepWords {
  using Options = SweepRequest;
  static const CommandText kText;
  std::optional<std::string> scenarios, strategies, flavours, hosts, seeds, jobs, output_dir, scenario_dir, timeout,
      format;
  ReportFilesWords files;
  bool resume = false, quiet = false;

  void declare(ArgumentParser& parser);
  Result<SweepRequest> check(const CommandContext& context) const;
};

// The scenarios it names, which must have names of their own. Errors: usage.
Result<std::vector<Scenario>> sweep_scenarios(const CommandContext& context, const SweepOptions& options);

}  // namespace remapstorm
