// SPDX-License-Identifier: Apache-2.0
#include "vmm/exclusive_sequence.h"

#include "vmm/arch/arch.h"

namespace remapstorm {

std::optional<ExclusiveSequence> exclusive_sequence(Isa isa, Gva pc, const ReadVirtual& read) {
  return arch_of(isa).exclusive_sequence(pc, read);
}

}  // namespace remapstorm
