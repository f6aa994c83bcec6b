// SPDX-License-Identifier: Apache-2.0
// Message-signalled interrupts (SDM volume 3, 11.11): edge, physical destination.
#pragma once

#include <cstdint>

namespace remapstorm::x86_64 {

struct MsiMessage {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
};

// `apic_id` below 255; `vector` 16..255.
constexpr MsiMessage msi_message(std::uint8_t apic_id, std::uint8_t vector) {
  return {0xfee00000ULL | (static_cast<std::uint64_t>(apic_id) << 12), vector};
}

// Delivery mode NMI; the vector does not matter.
constexpr MsiMessage nmi_message(std::uint8_t apic_id) {
  return {0xfee00000ULL | (static_cast<std::uint64_t>(apic_id) << 12), 0x400};
}

}  // namespace remapstorm::x86_64
