// SPDX-License-Identifier: Apache-2.0
// Operands in memory of arm64's instructions; see vmm/memory_access.h.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "vmm/memory_access.h"

struct cs_insn;

namespace remapstorm::arm64 {

// `capstone`: the handle that decoded it, with details. `decoded`: null for one that Capstone does not know.
std::vector<MemoryAccess> accesses(std::size_t capstone, const cs_insn* decoded, std::span<const std::uint8_t> code,
                                   const RegisterValue& value);

}  // namespace remapstorm::arm64
