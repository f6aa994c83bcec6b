// SPDX-License-Identifier: Apache-2.0
// TriggerSet: decides which rules fire at a moment. Pure; one per trial. The caller serialises the calls (two vCPUs may
// stop at the same time) so that the counts, and with them the order of chance, are those of one sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "plan/scenario.h"
#include "telemetry/event.h"

namespace remapstorm {

// A vCPU stopped at a probe (probe set) or at a breakpoint (probe empty, pc is what it is about to execute).
struct Candidate {
  int vcpu = 0;
  Gva pc;
  std::optional<ProbeEvent> probe;
};

bool matches(const EventPattern& pattern, const Candidate& candidate);

// One rule that fires.
struct Firing {
  std::size_t rule = 0;     // index into the plan's rules
  std::uint64_t count = 0;  // which firing of this rule, from 1
};

class TriggerSet {
 public:
  // `rules` must outlive this. An `after` naming no rule of `rules` is a bug (RS_CHECK): the scenario reader refuses
  // it.
  TriggerSet(const std::vector<Rule>& rules, std::uint64_t seed);

  // Rules in the order of the file. A rule that fires here enables the rules `after` it from the next candidate on.
  std::vector<Firing> on_candidate(const Candidate& candidate);

  [[nodiscard]] std::uint64_t fired(std::size_t rule) const { return states_[rule].fired; }
  [[nodiscard]] std::uint64_t candidates(std::size_t rule) const { return states_[rule].seen; }
  // True if no rule that waits for this probe can fire any more: the caller may disarm it.
  [[nodiscard]] bool probe_exhausted(std::uint16_t probe) const;

 private:
  struct State {
    std::uint64_t seen = 0;
    std::uint64_t fired = 0;
    std::optional<std::size_t> after;
  };
  [[nodiscard]] bool exhausted(std::size_t rule) const;

  const std::vector<Rule>& rules_;
  std::vector<State> states_;
  Rng rng_;
};

}  // namespace remapstorm
