// SPDX-License-Identifier: Apache-2.0
// backtrace(): follows frame pointers. Pure over a callback that reads guest-virtual memory; the stack is the guest's
// and may hold anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/address.h"
#include "vmm/cpu_state.h"
#include "vmm/kernel_image.h"
#include "vmm/page_walk.h"
#include "vmm/symbols.h"

namespace remapstorm {

struct StackFrame {
  enum class Kind : std::uint8_t {
    current,         // where the CPU is
    return_address,  // the instruction after a call
    interrupted,     // where an interrupt, fault or NMI was taken
  } kind = Kind::current;
  Gva pc;
};

// Innermost first. Stops at a frame pointer that is zero, not aligned, not mapped, below the last one on the same stack
// or followed before (loops), at a return address that is no kernel address, or after `limit` frames.
//
// x86: Linux built with frame pointers leaves (pt_regs | 1) in RBP on entry from an interrupt or fault; such a link is
// decoded, so the trace goes on with the interrupted pc (user mode ends it). When pc is at a function's first
// instructions, before its frame is set up, the caller is taken from the stack.
std::vector<StackFrame> backtrace(Isa isa, const CpuState& state, const ReadVirtual& read, const Symbols& symbols,
                                  std::size_t limit = 48);

}  // namespace remapstorm
