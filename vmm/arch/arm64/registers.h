// SPDX-License-Identifier: Apache-2.0
// Registers of an arm64 vCPU as plain data (Arm ARM C5.2, D19.2).
#pragma once

#include <array>
#include <cstdint>

namespace remapstorm::arm64 {

struct Registers {
  std::array<std::uint64_t, 31> x{};
  std::uint64_t sp = 0;  // SP_EL0
  std::uint64_t pc = 0;
  std::uint64_t pstate = 0;
  std::uint64_t sp_el1 = 0;
  std::uint64_t elr_el1 = 0;
  bool operator==(const Registers&) const = default;
};

struct SystemRegisters {
  std::uint64_t sctlr_el1 = 0, tcr_el1 = 0, mair_el1 = 0;
  std::uint64_t ttbr0_el1 = 0, ttbr1_el1 = 0;
  std::uint64_t vbar_el1 = 0, esr_el1 = 0, far_el1 = 0, mpidr_el1 = 0;
  bool operator==(const SystemRegisters&) const = default;
};

// PSTATE as in SPSR_EL1 (Arm ARM C5.2.18).
inline constexpr std::uint64_t kPstateModeMask = 0xf;
inline constexpr std::uint64_t kPstateEl0t = 0x0;
inline constexpr std::uint64_t kPstateEl1t = 0x4;
inline constexpr std::uint64_t kPstateEl1h = 0x5;
inline constexpr std::uint64_t kPstateF = 1u << 6;
inline constexpr std::uint64_t kPstateI = 1u << 7;
inline constexpr std::uint64_t kPstateA = 1u << 8;
inline constexpr std::uint64_t kPstateD = 1u << 9;
inline constexpr std::uint64_t kPstateSingleStep = 1u << 21;

// Of TTBR0_EL1, TTBR1_EL1 (Arm ARM D19.2.155): without ASID (63:48) and CnP (0); 48-bit addresses.
inline constexpr std::uint64_t kTtbrAddressMask = 0x0000fffffffff000ULL;

constexpr bool interrupts_enabled(std::uint64_t pstate) { return (pstate & kPstateI) == 0; }
constexpr bool is_user_mode(std::uint64_t pstate) { return (pstate & kPstateModeMask) == kPstateEl0t; }

}  // namespace remapstorm::arm64
