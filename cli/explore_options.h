// SPDX-License-Identifier: Apache-2.0
// The words after `explore` and `census` become ExploreOptions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaign/explore/census.h"
#include "campaign/explore/explore_options.h"
#include "cli/command.h"
#include "cli/metrics_options.h"
#include "cli/report_files.h"

namespace remapstorm {

// See cli/words.h.
struct ExploreWords {
  using Options = ExploreOptions;
  static const CommandText kText;
  std::vector<std::string> windows;
  std::optional<std::string> inject, strategy, calls, nth, flavour, cpus, memory, append, action, via, hold, timeout,
      jobs, at, kernel, output_dir, format, workload, stride, window, repeat, sha256;
  MetricsWords metrics;
  ReportFilesWords files;
  std::string pairs;
  bool resume = false, verbose = false, quiet = false;

  void declare(ArgumentParser& parser);
  void declare_guest(ArgumentParser& parser);  // what census has too
  Result<ExploreOptions> check(const CommandContext& context) const;
  Status check_into(ExploreOptions& options) const;  // the same, where `options` says what is usual
};

// See cli/words.h.
struct CensusWords {
  using Options = CensusOptions;
  static const CommandText kText;
  ExploreWords explore;
  std::optional<std::string> count;

  void declare(ArgumentParser& parser);
  Result<CensusOptions> check(const CommandContext& context) const;
};

}  // namespace remapstorm
