// SPDX-License-Identifier: Apache-2.0
// The exception vectors of EL1 (Arm ARM D1.4.2): 16 entries of 128 bytes from VBAR_EL1 on.
#pragma once

#include "base/address.h"

namespace remapstorm::arm64 {

inline constexpr std::uint64_t kVectorBytes = 0x80;
inline constexpr std::uint64_t kVectors = 16;

// Entries of exceptions that are taken from EL1 with its own stack pointer, and from EL0: offsets from VBAR_EL1.
inline constexpr std::uint64_t kFromEl1 = 0x200, kFromEl0 = 0x400;
inline constexpr std::uint64_t kSynchronousEntry = 0x0, kIrqEntry = 0x80, kSerrorEntry = 0x180;

// True if `pc` is the first instruction of one of them.
constexpr bool is_vector(Gva pc, Gva base) {
  const std::uint64_t offset = pc.value - base.value;
  return offset < kVectors * kVectorBytes && offset % kVectorBytes == 0;
}

}  // namespace remapstorm::arm64
