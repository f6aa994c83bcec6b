// SPDX-License-Identifier: Apache-2.0
// Self-hosted debug registers (Arm ARM D19.3: DBGBCR<n>_EL1, DBGBVR<n>_EL1, DBGWCR<n>_EL1, DBGWVR<n>_EL1).
#pragma once

#include <cstdint>

namespace remapstorm::arm64 {

// Execution breakpoint on one A64 instruction: E, PMC = EL1 and EL0, BAS = all four bytes, BT = unlinked address match.
inline constexpr std::uint64_t kBreakpointEnable = 1;
inline constexpr std::uint64_t kBreakpointEl1 = 1u << 1;
inline constexpr std::uint64_t kBreakpointEl0 = 2u << 1;
inline constexpr std::uint64_t kBreakpointAllBytes = 0xfu << 5;

// `levels`: of kBreakpointEl1 and kBreakpointEl0.
constexpr std::uint64_t breakpoint_control(std::uint64_t levels) {
  return kBreakpointEnable | levels | kBreakpointAllBytes;
}
// Bits 1:0 are zero; the top bits repeat bit 48 so that comparison works on sign-extended addresses.
constexpr std::uint64_t breakpoint_value(std::uint64_t address) {
  const std::uint64_t low = address & 0x0001fffffffffffcULL;
  return (address >> 48 & 1) != 0 ? low | 0xfffe000000000000ULL : low;
}

enum class Watch : std::uint8_t { load = 1, store = 2, both = 3 };

// Watchpoint on `bytes` (1..8) from `address`, all within one aligned doubleword.
constexpr std::uint64_t watchpoint_control(std::uint64_t address, unsigned bytes, Watch what) {
  const std::uint64_t select = ((1u << bytes) - 1) << (address & 7);
  return 1 | (3u << 1) | static_cast<std::uint64_t>(what) << 3 | (select & 0xff) << 5;
}
constexpr std::uint64_t watchpoint_value(std::uint64_t address) {
  const std::uint64_t low = address & 0x0001fffffffffff8ULL;
  return (address >> 48 & 1) != 0 ? low | 0xfffe000000000000ULL : low;
}

}  // namespace remapstorm::arm64
