// SPDX-License-Identifier: Apache-2.0
// SweepOptions: what a person asked `remapstorm sweep` for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "harness/run_options.h"

namespace remapstorm {

struct SweepOptions {
  std::vector<std::string> scenarios;  // names of the catalogue or files; empty: all of the catalogue
  std::vector<std::string> strategies, flavours, hosts;
  std::uint64_t seeds = 1;
  std::optional<unsigned> jobs;  // guests at a time; none: as many as the host's processors carry
  std::string output_dir;        // empty: a new folder below the state folder
  std::string scenario_dir;
  std::optional<Nanoseconds> timeout;
  OutputFormat format = OutputFormat::pretty;
  bool resume = false;
  bool quiet = false;
};

// Looks at no scenario. Nothing: help is wanted. Errors: usage.
Result<std::optional<SweepOptions>> parse_sweep_options(const CommandContext& context, const Arguments& arguments);
// The scenarios it names, which must have names of their own. Errors: usage.
Result<std::vector<Scenario>> sweep_scenarios(const CommandContext& context, const SweepOptions& options);
std::string sweep_help(const CommandContext& context);

// The words after `sweep` that ask for the same matrix on these hosts. `files`: the scenarios' files, absolute.
Arguments sweep_words(const SweepOptions& options, const std::vector<std::string>& files,
                      const std::vector<std::string>& hosts);

}  // namespace remapstorm
