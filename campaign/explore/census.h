// SPDX-License-Identifier: Apache-2.0
// Census: who touches the vmemmap pages under remap while a window is open.
//
// Two mechanisms, which see different things. The vCPU in the window is stepped by hand, and the address of every
// operand in memory is computed from its registers and looked up in the page tables: complete, for any strategy, and
// through whatever mapping of the page. The other vCPUs run; where the strategy makes an entry absent meanwhile, each
// first touch of theirs faults and is logged by the guest (fault.enter). What they touch while the entry is present,
// which for strategy inplace is always, is not seen.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "campaign/explore/explore_options.h"
#include "results/census.h"
#include "trial/trial.h"

namespace remapstorm {

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

}  // namespace remapstorm
