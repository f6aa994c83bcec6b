// SPDX-License-Identifier: Apache-2.0
// Census: who touches the vmemmap pages under remap while a window is open.
//
// Two mechanisms, which see different things. The vCPU in the window is stepped by hand, and the address of every
// operand in memory is computed from its registers and looked up in the page tables: complete, for any strategy, and
// through whatever mapping of the page. The other vCPUs run; where the strategy
// makes an entry absent meanwhile, each first touch of theirs faults and is logged by the guest (fault.enter). What
// they touch while the entry is present, which for strategy inplace is always, is not seen.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "campaign/explore/explore_options.h"
#include "results/certificate.h"
#include "trial/trial.h"
#include "vmm/memory_access.h"

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
  [[nodiscard]] bool sees_faults() const { return strategy != "inplace"; }
};

struct CensusOptions {
  ExploreOptions explore;      // window, strategy, guest; `injections`: raised on an idle vCPU, in turn
  std::uint64_t windows = 16;  // how many to look into
};

std::vector<Workload> census_workloads(const CensusOptions& options);
// The last vCPU without a workload, for interrupts; never 0.
std::optional<unsigned> idle_vcpu(const std::vector<Workload>& workloads, unsigned cpus);
std::string census_words(const CensusOptions& options);

// Errors: usage for a window that never opens or closes; host.
Result<Census> take_census(const TrialEnvironment& environment, const CensusOptions& options, const Plan& plan,
                           const std::function<void(const std::string&)>& progress);

// What it does not see, a sentence each.
std::vector<std::string> not_seen(const Census& census);

}  // namespace remapstorm
