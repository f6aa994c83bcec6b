// SPDX-License-Identifier: Apache-2.0
// What came of a run: its scenarios and their trials.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/guest_info.h"
#include "plan/host_info.h"
#include "results/trial_result.h"

namespace remapstorm {

struct RunInfo {
  HostInfo host;
  GuestImageInfo guest;
  std::string version;     // of remapstorm
  std::string started_at;  // RFC 3339, UTC
  std::uint64_t repeat = 1;
  std::vector<std::string> scenarios;  // all that were asked for, in this order; empty: those that have results
  bool interrupted = false;            // a signal ended it
  bool one_trial = false;              // all trials of a scenario are the same one, again and again
  std::string output_directory;
  std::string html_report;  // its index.html; empty: none was made
};

// One scenario and all its trials (--repeat).
struct ScenarioResults {
  std::string scenario;
  std::string summary;
  std::vector<TrialResult> trials;
  std::uint64_t planned = 0;  // trials asked for; 0: RunInfo::repeat
};

}  // namespace remapstorm
