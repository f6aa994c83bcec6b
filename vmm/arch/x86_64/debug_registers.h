// SPDX-License-Identifier: Apache-2.0
// DR6 and DR7 (SDM volume 3, 18.2.3 and 18.2.4).
#pragma once

#include <cstdint>
#include <span>

#include "base/address.h"

namespace remapstorm::x86_64 {

inline constexpr unsigned kDebugAddresses = 4;
inline constexpr std::uint64_t kDr6BreakpointMask = 0xf;
inline constexpr std::uint64_t kDr6SingleStep = 1u << 14;
inline constexpr std::uint64_t kDr7Fixed = 1u << 10;

// DR7 that enables execution breakpoints 0 .. count-1: global-enable bits; R/W and LEN of an execution breakpoint are
// 0.
constexpr std::uint64_t dr7_execution(unsigned count) {
  std::uint64_t dr7 = kDr7Fixed;
  for (unsigned i = 0; i < count && i < kDebugAddresses; ++i) dr7 |= std::uint64_t{2} << (2 * i);
  return dr7;
}

}  // namespace remapstorm::x86_64
