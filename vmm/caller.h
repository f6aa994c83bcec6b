// SPDX-License-Identifier: Apache-2.0
// caller_of(): who called the function at pc, also where that function, written in assembler, has no frame of its own.
// Pure over a callback that reads guest-virtual memory.
#pragma once

#include <string>

#include "vmm/cpu_state.h"
#include "vmm/kernel_image.h"
#include "vmm/page_walk.h"
#include "vmm/symbols.h"

namespace remapstorm {

// By name; empty if it cannot be told. A return address among the first words of the stack that stands behind a call of
// just this function (or of one that begins with a jump to it, as Linux's copy_page does on a processor without fast
// string operations) comes before what the frame pointer says.
std::string caller_of(Isa isa, const CpuState& state, const ReadVirtual& read, const Symbols& symbols);

}  // namespace remapstorm
