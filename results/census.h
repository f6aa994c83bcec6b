// SPDX-License-Identifier: Apache-2.0
// Who touched the vmemmap pages under remap while a window was open (campaign/explore/census.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/access_kind.h"
#include "base/address.h"
#include "plan/guest_info.h"
#include "plan/host_info.h"
#include "telemetry/kinds.h"

namespace remapstorm {

struct CensusRow {
  Gva pc;
  std::string symbol;
  std::uint64_t offset = 0;
  std::string text;  // the instruction
  std::optional<AccessKind> kind;
  std::string context;  // task | softirq | hardirq | nmi | unknown
  bool interrupts_on = false;
  bool in_window = false;  // by the vCPU in the window, stepped; else by another, seen by its fault
  bool alias = false;      // through another mapping of the page than the vmemmap, such as the direct map
  std::string caller;      // in_window: the function that called this one
  std::uint64_t count = 0;
};

struct Census {
  std::string window, window_opens, window_closes, strategy, flavour;
  std::vector<std::string> workloads;
  unsigned cpus = 0;
  GuestImageInfo guest;
  HostInfo host;
  std::string harness, harness_build, made_at, repeat;
  std::uint64_t windows = 0;     // that were opened and closed
  std::uint64_t steps = 0;       // instructions of the vCPUs in them
  std::uint64_t injections = 0;  // interrupts raised on an idle vCPU
  std::uint64_t unresolved = 0;  // operands whose address could not be computed
  bool interrupted = false;
  bool log_full = false;        // it ended early: the guest had written more than is kept
  bool stood_still = false;     // no further window came, although the guest was not at its end
  std::vector<CensusRow> rows;  // most frequent first
  [[nodiscard]] bool sees_faults() const { return breaks_entries(strategy_kind(strategy)); }
};

// What it does not see, a sentence each.
std::vector<std::string> not_seen(const Census& census);

}  // namespace remapstorm
