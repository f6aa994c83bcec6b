// SPDX-License-Identifier: Apache-2.0
// From words to what `run` is asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaign/run.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/metrics_options.h"
#include "cli/output_format.h"
#include "cli/report_files.h"
#include "telemetry/metrics/outputs.h"

namespace remapstorm {

// What was asked for, checked as far as words can be checked without files.
struct RunRequest : RunOptions {
  std::vector<std::string> scenarios;  // names of the catalogue or paths of files, at least one
  std::string scenario_dir;            // empty: the shipped scenarios
  OutputFormat format = OutputFormat::pretty;
  ReportFiles files;
  MetricsOptions metrics;
  bool no_report = false;  // leave out report/
  bool dry_run = false;    // show the plan, start nothing
  bool verbose = false;    // guest console to standard error
  bool quiet = false;      // only the summary and what is not as expected
};

// See cli/words.h. Also part of the words of other commands that start guests for a scenario.
struct RunWords {
  using Options = RunRequest;
  static const CommandText kText;
  std::vector<std::string> scenarios;
  std::optional<std::string> strategy, flavour, cpus, memory, repeat, seed, trial, expect, timeout, output_dir, format,
      kernel, symbols, append, scenario_dir, sha256;
  MetricsWords metrics;
  ReportFilesWords files;
  bool cold_boot = false, no_report = false, dry_run = false, bisect = false, verbose = false, quiet = false;

  void declare(ArgumentParser& parser);
  void declare_guest(ArgumentParser& parser);  // what all those commands have
  Result<RunRequest> check(const CommandContext& context) const;
};

}  // namespace remapstorm
