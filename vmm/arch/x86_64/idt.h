// SPDX-License-Identifier: Apache-2.0
// Gates of the interrupt descriptor table in 64-bit mode (SDM volume 3, 6.14.1).
#pragma once

#include <optional>

#include "base/address.h"
#include "vmm/arch/x86_64/registers.h"
#include "vmm/page_walk.h"

namespace remapstorm::x86_64 {

inline constexpr unsigned kVectorNmi = 2;
inline constexpr unsigned kVectorPageFault = 14;

// The first instruction of the handler of `vector` (0 to 255); nothing if the table has no present gate for it or is
// not mapped.
std::optional<Gva> handler_of(const Table& idt, unsigned vector, const ReadVirtual& read);

}  // namespace remapstorm::x86_64
