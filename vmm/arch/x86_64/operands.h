// SPDX-License-Identifier: Apache-2.0
// Operands in memory of x86-64's instructions; see vmm/memory_access.h.
#pragma once

#include <cstddef>
#include <vector>

#include "vmm/memory_access.h"

struct cs_insn;

namespace remapstorm::x86_64 {

// `capstone`: the handle that decoded it, with details.
std::vector<MemoryAccess> accesses(std::size_t capstone, const cs_insn& instruction, const RegisterValue& value);

}  // namespace remapstorm::x86_64
