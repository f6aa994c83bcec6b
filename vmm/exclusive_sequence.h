// SPDX-License-Identifier: Apache-2.0
// Sequences that a step cannot go through: on arm64 a store-exclusive succeeds only if its processor has not left the
// guest since the load-exclusive (Arm ARM B2.17), so that one that is stepped, or stopped inside, begins anew for ever.
// Pure; both architectures.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/address.h"
#include "vmm/kernel_image.h"
#include "vmm/page_walk.h"

namespace remapstorm {

struct ExclusiveSequence {
  // Instructions behind the load, the store included: the places at which nobody may stop.
  std::size_t inside = 0;
  struct End {
    Gva pc;
    std::size_t executed = 0;  // of `inside`, by who leaves there at the first try and by the first branch to it
    bool operator==(const End&) const = default;
  };
  // Where execution leaves it: first behind the store, then the targets of branches out of it.
  std::vector<End> ends;
  bool operator==(const ExclusiveSequence&) const = default;
};

// The sequence that the instruction at pc begins. Nothing if it begins none: there is no store within 32 instructions,
// or something between that stops exclusive access anyway, or it has more than two ends.
std::optional<ExclusiveSequence> exclusive_sequence(Isa isa, Gva pc, const ReadVirtual& read);

}  // namespace remapstorm
