// SPDX-License-Identifier: Apache-2.0
#include "vmm/backtrace.h"

#include "vmm/arch/arm64/frames.h"
#include "vmm/arch/x86_64/frames.h"

namespace remapstorm {

std::vector<StackFrame> backtrace(Isa isa, const CpuState& state, const ReadVirtual& read, const Symbols& symbols,
                                  std::size_t limit) {
  if (isa == Isa::arm64) return arm64::walk_frames(state, read, limit);
  return x86_64::walk_frames(state, read, symbols, limit);
}

}  // namespace remapstorm
