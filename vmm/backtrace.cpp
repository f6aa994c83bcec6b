// SPDX-License-Identifier: Apache-2.0
#include "vmm/backtrace.h"

#include "vmm/arch/arch.h"

namespace remapstorm {

std::vector<StackFrame> backtrace(Isa isa, const CpuState& state, const ReadVirtual& read, const Symbols& symbols,
                                  std::size_t limit) {
  return arch_of(isa).frames(state, read, symbols, limit);
}

}  // namespace remapstorm
