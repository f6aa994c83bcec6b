// SPDX-License-Identifier: Apache-2.0
// GICv3 interrupt numbers and KVM_IRQ_LINE (GIC architecture IHI 0069, 2.2; KVM api.rst 4.25).
#pragma once

#include <cstdint>

namespace remapstorm::arm64 {

inline constexpr unsigned kFirstPpi = 16;
inline constexpr unsigned kFirstSpi = 32;
inline constexpr unsigned kLastSpi = 1019;

// A device tree counts private and shared interrupts from 0; the controller and KVM count INTIDs.
constexpr unsigned intid_of_ppi(unsigned ppi) { return kFirstPpi + ppi; }
constexpr unsigned intid_of_spi(unsigned spi) { return kFirstSpi + spi; }

// Private interrupts of the generic timer, as device-tree numbers (Arm BSA).
inline constexpr unsigned kTimerSecurePpi = 13;
inline constexpr unsigned kTimerPpi = 14;
inline constexpr unsigned kTimerVirtualPpi = 11;
inline constexpr unsigned kTimerHypervisorPpi = 10;

// Cells of an "interrupts" property.
inline constexpr std::uint32_t kCellSpi = 0;
inline constexpr std::uint32_t kCellPpi = 1;
inline constexpr std::uint32_t kCellEdge = 1;
inline constexpr std::uint32_t kCellLevelHigh = 4;

// The `irq` field: type in bits 27:24, vCPU in 23:16 and 31:28, INTID in 15:0.
constexpr std::uint32_t irq_line_spi(unsigned intid) { return 1u << 24 | (intid & 0xffff); }
constexpr std::uint32_t irq_line_ppi(unsigned vcpu, unsigned intid) {
  return 2u << 24 | (vcpu & 0xff) << 16 | (vcpu >> 8 & 0xf) << 28 | (intid & 0xffff);
}

inline constexpr std::uint64_t kDistributorBytes = 0x10000;
inline constexpr std::uint64_t kRedistributorBytes = 0x20000;  // per vCPU

}  // namespace remapstorm::arm64
