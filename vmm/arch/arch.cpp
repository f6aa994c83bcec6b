// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arch.h"

namespace remapstorm {

const Arch& arch_of(Isa isa) { return isa == Isa::arm64 ? arm64::kArch : x86_64::kArch; }

}  // namespace remapstorm
