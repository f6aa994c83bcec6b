// SPDX-License-Identifier: Apache-2.0
// Remap strategies beside each other.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/guest_info.h"
#include "plan/host_info.h"
#include "results/strategy_count.h"
#include "results/strategy_figures.h"

namespace remapstorm {

struct ComparedStrategy {
  std::string name;
  std::string not_run;  // why nothing was measured, or empty
  std::map<Measure, StrategyFigures> figures;
  std::map<std::string, std::uint64_t> same_cpu;  // verdicts of irq-same-cpu; empty: it is not made for this strategy
  StrategyCount count{};                          // of --count
};

struct Comparison {
  std::string version;
  std::string started_at;  // RFC 3339, UTC
  Nanoseconds took{0};
  HostInfo host;
  GuestImageInfo guest;
  std::uint64_t repeat = 1;      // trials of each measure
  Nanoseconds stolen{0};         // how long a processor is taken away
  std::array<double, 2> load{};  // load average of one minute, at the beginning and at the end
  unsigned host_cpus = 1;
  bool interrupted = false;
  bool counted = false;  // instructions, instead of lengths
  std::vector<ComparedStrategy> strategies;
};

}  // namespace remapstorm
