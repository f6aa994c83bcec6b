// SPDX-License-Identifier: Apache-2.0
// From words to RunOptions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaign/run_options.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/metrics_options.h"
#include "cli/report_files.h"

namespace remapstorm {

// See cli/words.h. Also part of the words of other commands that start guests for a scenario.
struct RunWords {
  using Options = RunOptions;
  static const CommandText kText;
  std::vector<std::string> scenarios;
  std::optional<std::string> strategy, flavour, cpus, memory, repeat, seed, trial, expect, timeout, output_dir, format,
      kernel, append, scenario_dir, sha256;
  MetricsWords metrics;
  ReportFilesWords files;
  bool cold_boot = false, no_report = false, dry_run = false, bisect = false, verbose = false, quiet = false;

  void declare(ArgumentParser& parser);
  void declare_guest(ArgumentParser& parser);  // what all those commands have
  Result<RunOptions> check(const CommandContext& context) const;
};

}  // namespace remapstorm
