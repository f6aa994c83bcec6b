// SPDX-License-Identifier: Apache-2.0
// From words to RunOptions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/metrics_options.h"
#include "harness/run_options.h"

namespace remapstorm {

// What was typed, before anything is checked.
struct RunWords {
  std::vector<std::string> scenarios;
  std::optional<std::string> strategy, flavour, cpus, memory, repeat, seed, trial, expect, timeout, output_dir, format,
      kernel, append, scenario_dir;
  MetricsWords metrics;
  bool cold_boot = false, no_report = false, dry_run = false, verbose = false, quiet = false;
};

// The options of every command that starts guests for a scenario. `words` must outlive the parsing.
void declare_guest_options(ArgumentParser& parser, RunWords& words);
// Looks at no file. Error: usage.
Result<RunOptions> check_run_words(const RunWords& words);

// The words of `run`. Looks at no file. Nothing: help is wanted. Errors: usage.
Result<std::optional<RunOptions>> parse_run_options(const CommandContext& context, const Arguments& arguments);

// The value of --format. Error: usage.
Result<OutputFormat> parse_format(const std::string& text);
// Error: usage, naming `option`.
Result<Verdict> parse_verdict(const std::string& option, const std::string& text);

// The help text of `run`.
std::string run_help(const CommandContext& context);

}  // namespace remapstorm
