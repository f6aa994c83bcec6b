// SPDX-License-Identifier: Apache-2.0
// CompareOptions: what a person asked `remapstorm compare` for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "campaign/run_options.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/report_files.h"

namespace remapstorm {

struct CompareOptions {
  std::vector<std::string> strategies;
  bool all = false;  // those the guest image has; that it lacks one is no failure
  std::string flavour = "std";
  std::uint64_t repeat = 3;
  std::uint64_t seed = 1;
  Nanoseconds stolen{50'000'000};
  std::string output_dir;  // empty: a new folder below the state folder
  OutputFormat format = OutputFormat::pretty;
  ReportFiles files;
  bool quiet = false;
  bool count = false;  // guest instructions instead of lengths
};

// See cli/words.h.
struct CompareWords {
  using Options = CompareOptions;
  static const CommandText kText;
  std::optional<std::string> strategies, flavour, repeat, seed, steal, output_dir, format;
  ReportFilesWords files;
  bool quiet = false, count = false;

  void declare(ArgumentParser& parser);
  Result<CompareOptions> check(const CommandContext& context) const;
};

}  // namespace remapstorm
