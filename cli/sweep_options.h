// SPDX-License-Identifier: Apache-2.0
// SweepOptions: what a person asked `remapstorm sweep` for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaign/run_options.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/report_files.h"

namespace remapstorm {

struct SweepOptions {
  std::vector<std::string> scenarios;  // names of the catalogue or files; empty: all of the catalogue
  std::vector<std::string> strategies, flavours, hosts;
  bool strategies_named = false, flavours_named = false;  // one by one, instead of "all" or nothing
  std::uint64_t seeds = 1;
  std::optional<unsigned> jobs;  // guests at a time; none: as many as the host's processors carry
  std::string output_dir;        // empty: a new folder below the state folder
  std::string scenario_dir;
  std::optional<Nanoseconds> timeout;
  OutputFormat format = OutputFormat::pretty;
  ReportFiles files;
  bool resume = false;
  bool quiet = false;
};

// See cli/words.h.
struct SweepWords {
  using Options = SweepOptions;
  static const CommandText kText;
  std::optional<std::string> scenarios, strategies, flavours, hosts, seeds, jobs, output_dir, scenario_dir, timeout,
      format;
  ReportFilesWords files;
  bool resume = false, quiet = false;

  void declare(ArgumentParser& parser);
  Result<SweepOptions> check(const CommandContext& context) const;
};

// The scenarios it names, which must have names of their own. Errors: usage.
Result<std::vector<Scenario>> sweep_scenarios(const CommandContext& context, const SweepOptions& options);

// The words after `sweep` that ask for the same matrix on these hosts. `files`: the scenarios' files, absolute; empty:
// all.
Arguments sweep_words(const SweepOptions& options, const std::vector<std::string>& files,
                      const std::vector<std::string>& hosts);

}  // namespace remapstorm
