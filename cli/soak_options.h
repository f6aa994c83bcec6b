// SPDX-License-Identifier: Apache-2.0
// SoakOptions: what a person asked `remapstorm soak` for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/report_files.h"
#include "plan/same_bytes.h"

namespace remapstorm {

struct SoakOptions {
  std::uint64_t trials = 1000;
  std::uint64_t seed = 1;
  std::vector<std::string> strategies;  // of control_strategies()
  std::string flavour = "std";
  std::vector<std::string> hosts;
  std::optional<unsigned> jobs;  // guests at a time; none: as many as the host's processors carry
  SameBytes same;                // what must not have changed
  std::string output_dir;        // empty: a new folder below the state folder
  ReportFiles files;
  bool quiet = false;
};

// See cli/words.h.
struct SoakWords {
  using Options = SoakOptions;
  static const CommandText kText;
  std::optional<std::string> trials, seed, strategies, flavour, hosts, jobs, output_dir, sha256;
  ReportFilesWords files;
  bool quiet = false;

  void declare(ArgumentParser& parser);
  Result<SoakOptions> check(const CommandContext& context) const;
};

}  // namespace remapstorm
