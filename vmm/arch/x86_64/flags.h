// SPDX-License-Identifier: Apache-2.0
// Bits of RFLAGS, CR0, CR4, EFER and the MSRs we touch (SDM volume 1, 3.4.3; volume 3, 2.2, 2.5; volume 4).
#pragma once

#include <cstdint>

namespace remapstorm::x86_64 {

inline constexpr std::uint64_t kFlagFixed = 1u << 1;
inline constexpr std::uint64_t kFlagTrap = 1u << 8;
inline constexpr std::uint64_t kFlagInterrupt = 1u << 9;
inline constexpr std::uint64_t kFlagResume = 1u << 16;

inline constexpr std::uint64_t kCr0ProtectedMode = 1u << 0;
inline constexpr std::uint64_t kCr0ExtensionType = 1u << 4;
inline constexpr std::uint64_t kCr0NumericError = 1u << 5;
inline constexpr std::uint64_t kCr0WriteProtect = 1u << 16;
inline constexpr std::uint64_t kCr0Paging = 1u << 31;

inline constexpr std::uint64_t kCr4Pae = 1u << 5;
inline constexpr std::uint64_t kCr4Levels5 = 1u << 12;

inline constexpr std::uint64_t kEferSystemCall = 1u << 0;
inline constexpr std::uint64_t kEferLongModeEnable = 1u << 8;
inline constexpr std::uint64_t kEferLongModeActive = 1u << 10;
inline constexpr std::uint64_t kEferNoExecute = 1u << 11;

inline constexpr std::uint32_t kMsrTsc = 0x10;
inline constexpr std::uint32_t kMsrTscDeadline = 0x6e0;
// Hyper-V's, which KVM may offer: how long the vCPU ran, and a clock. They count whatever anybody writes.
inline constexpr std::uint32_t kMsrHyperVRuntime = 0x40000010;
inline constexpr std::uint32_t kMsrHyperVReferenceCount = 0x40000020;
inline constexpr std::uint32_t kMsrSystemCallSelectors = 0xc0000081;
inline constexpr std::uint32_t kMsrSystemCallTarget = 0xc0000082;
inline constexpr std::uint32_t kMsrSystemCallFlagMask = 0xc0000084;
inline constexpr std::uint32_t kMsrMiscEnable = 0x1a0;
inline constexpr std::uint32_t kMsrMtrrDefaultType = 0x2ff;
inline constexpr std::uint64_t kMtrrEnabledWriteBack = (1u << 11) | 6;

// CR3 without PCID, PWT, PCD and the reserved top bits.
inline constexpr std::uint64_t kCr3AddressMask = 0x000ffffffffff000ULL;

}  // namespace remapstorm::x86_64
