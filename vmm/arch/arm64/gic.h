// SPDX-License-Identifier: Apache-2.0
// GICv3 interrupt numbers and KVM_IRQ_LINE (GIC architecture IHI 0069, 2.2; KVM api.rst 4.25).
#pragma once

#include <array>
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

// Their lines, as bits of the private INTIDs: KVM drives these by its timers.
inline constexpr std::uint64_t kTimerLevels = 1ULL << intid_of_ppi(kTimerPpi) | 1ULL << intid_of_ppi(kTimerVirtualPpi);

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

// What Linux gives to interrupts that are no NMI (GICD_INT_DEF_PRI); ICC_PMR_EL1 lets through what is below its value.
inline constexpr std::uint64_t kLinuxPriority = 0xa0;

// How many INTIDs a guest of ours has: KVM takes multiples of 32 from 64 on. The highest one used is that of the last
// test interrupt (guest/abi).
inline constexpr std::uint32_t kIntids = 64;

// ICC_SRE, _PMR, _BPR0, _BPR1, _CTLR, _IGRPEN0, _IGRPEN1, _AP0R0, _AP1R0 (EL1), encoded as KVM takes them (KVM
// devices/arm-vgic-v3.rst): op0, op1, CRn, CRm, op2 from bit 14 on.
constexpr std::uint64_t interface_register(unsigned crn, unsigned crm, unsigned op2) {
  return 3u << 14 | crn << 7 | crm << 3 | op2;
}
inline constexpr std::uint64_t kPriorityMask = interface_register(4, 6, 0);
inline constexpr std::uint64_t kGroup1Enable = interface_register(12, 12, 7);
inline constexpr std::array kInterfaceRegisters = {
    interface_register(12, 12, 5),
    kPriorityMask,
    interface_register(12, 8, 3),
    interface_register(12, 12, 3),
    interface_register(12, 12, 4),
    interface_register(12, 12, 6),
    kGroup1Enable,
    interface_register(12, 8, 4),
    interface_register(12, 9, 0),
};

// An attribute of one vCPU's part, by its affinity level 0, which KVM makes of its number.
constexpr std::uint64_t vcpu_attribute(std::uint64_t vcpu, std::uint64_t what) { return vcpu << 32 | what; }

inline constexpr std::uint64_t kDistributorBytes = 0x10000;
inline constexpr std::uint64_t kRedistributorBytes = 0x20000;  // per vCPU

}  // namespace remapstorm::arm64
