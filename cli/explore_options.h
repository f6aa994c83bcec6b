// SPDX-License-Identifier: Apache-2.0
// The words after `explore` and `census`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaign/explore/census.h"
#include "campaign/explore/explore_options.h"
#include "cli/command.h"
#include "cli/metrics_options.h"
#include "cli/output_format.h"
#include "cli/report_files.h"
#include "telemetry/metrics/outputs.h"

namespace remapstorm {

// What a person asked `explore` for, checked as far as words can be.
struct ExploreRequest : ExploreOptions {
  OutputFormat format = OutputFormat::pretty;  // pretty or json
  MetricsOptions metrics;
  ReportFiles files;
  bool verbose = false;
  bool quiet = false;
};

struct CensusRequest {
  ExploreRequest explore;  // window, strategy, guest; `injections`: raised on an idle vCPU, in turn
  std::uint64_t windows = CensusOptions().windows;  // how many to look into
};

// See cli/words.h.
struct ExploreWords {
  using Options = ExploreRequest;
  static const CommandText kText;
  std::vector<std::string> windows;
  std::optional<std::string> inject, strategy, calls, nth, flavour, cpus, memory, append, action, via, hold, timeout,
      jobs, at, kernel, symbols, output_dir, format, workload, stride, window, repeat, sha256;
  MetricsWords metrics;
  ReportFilesWords files;
  std::string pairs;
  bool resume = false, verbose = false, quiet = false;

  void declare(ArgumentParser& parser);
  void declare_guest(ArgumentParser& parser);  // what census has too
  Result<ExploreRequest> check(const CommandContext& context) const;
  Status check_into(ExploreRequest& options) const;  // the same, where `options` says what is usual
};

// See cli/words.h.
struct CensusWords {
  using Options = CensusRequest;
  static const CommandText kText;
  ExploreWords explore;
  std::optional<std::string> count;

  void declare(ArgumentParser& parser);
  Result<CensusRequest> check(const CommandContext& context) const;
};

}  // namespace remapstorm
