// SPDX-License-Identifier: Apache-2.0
// What was injected at a boundary is taken while the vCPU is stepped, so that where is the host's own count.
#pragma once

#include <cstdint>
#include <string>

#include "campaign/explore/explorer_walk.h"
#include "telemetry/kinds.h"

namespace remapstorm {

struct Taking {
  enum class Where : std::uint8_t {
    here,     // in front of the instruction at `steps`
    behind,   // not up to the end of the window
    unknown,  // the stepping ended before that: `trouble`
  };
  Where where = Where::unknown;
  std::uint64_t steps = 0;  // from the opening
  std::string trouble;
};

// The machine stands `from` steps behind the opening, an injection for `vcpu` is pending. Steps until it is taken or
// cannot be any more inside the window, the other vCPUs along: an NMI at once, others not while interrupts are off.
Taking step_until_taken(Machine& machine, unsigned vcpu, const Walked& walked, std::uint64_t from,
                        InjectorKind injected);

}  // namespace remapstorm
