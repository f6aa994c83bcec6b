// SPDX-License-Identifier: Apache-2.0
// What a soak has shown.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "plan/guest_info.h"
#include "plan/host_info.h"
#include "telemetry/finding.h"

namespace remapstorm {

// A trial that is worth telling of.
struct SoakTrial {
  std::uint64_t number = 0;
  std::string strategy;
  Verdict verdict = Verdict::error;
  std::string reason;  // one line
  std::string repeat;  // one command that repeats it
  std::string folder;  // its scenario and events, below the output folder
};

struct SoakCounts {
  std::uint64_t clean = 0, imposed_stalls = 0, false_alarms = 0, failed = 0;
  [[nodiscard]] std::uint64_t all() const { return clean + imposed_stalls + false_alarms + failed; }
};

struct Soak {
  static constexpr std::size_t kMostTold = 100;  // of each sort; all are counted

  std::string version;
  std::string started_at;  // RFC 3339, UTC
  Nanoseconds took{0};
  HostInfo host;
  GuestImageInfo guest;
  std::uint64_t trials = 0;  // asked for
  std::uint64_t seed = 1;
  unsigned jobs = 1;
  bool interrupted = false;
  std::map<std::string, SoakCounts> counts;    // by strategy
  std::map<std::string, std::uint64_t> fired;  // injections, by injector
  std::vector<SoakTrial> false_alarms, failed;
  std::uint64_t made_again = 0;                  // trials that the host or the harness spoilt, and that were made again
  std::map<std::string, std::string> elsewhere;  // summary of each other host
  std::map<std::string, int> codes_elsewhere;    // and its exit code
  std::map<std::string, Error> not_run;          // strategies and hosts that were asked for, and why not

  [[nodiscard]] SoakCounts sum() const;
};

}  // namespace remapstorm
