// SPDX-License-Identifier: Apache-2.0
// Names of registers for KVM_GET_ONE_REG / KVM_SET_ONE_REG (KVM api.rst 4.68, "arm64 registers are mapped using").
// Written out rather than taken from the kernel's header, which only exists on arm64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace remapstorm::arm64 {

inline constexpr std::uint64_t kRegArm64 = 0x6000000000000000ULL;
inline constexpr std::uint64_t kRegSizeU32 = 0x0020000000000000ULL;
inline constexpr std::uint64_t kRegSizeU64 = 0x0030000000000000ULL;
inline constexpr std::uint64_t kRegSizeU128 = 0x0040000000000000ULL;
inline constexpr std::uint64_t kRegCore = 0x0010ULL << 16;
inline constexpr std::uint64_t kRegSystem = 0x0013ULL << 16;
inline constexpr std::uint64_t kRegFirmware = 0x0014ULL << 16;

// Bytes of the value.
constexpr std::size_t register_bytes(std::uint64_t id) { return std::size_t{1} << (id >> 52 & 0xf); }

// `offset`: bytes into the kernel's struct kvm_regs; the id counts 32-bit words.
constexpr std::uint64_t core_register(std::uint64_t offset) { return kRegArm64 | kRegSizeU64 | kRegCore | offset / 4; }

constexpr std::uint64_t core_x(unsigned n) { return core_register(8 * std::uint64_t{n}); }
inline constexpr std::uint64_t kCoreSp = core_register(std::uint64_t{8} * 31);
inline constexpr std::uint64_t kCorePc = core_register(std::uint64_t{8} * 32);
inline constexpr std::uint64_t kCorePstate = core_register(std::uint64_t{8} * 33);
inline constexpr std::uint64_t kCoreSpEl1 = core_register(std::uint64_t{8} * 34);
inline constexpr std::uint64_t kCoreElrEl1 = core_register(std::uint64_t{8} * 35);
constexpr std::uint64_t core_spsr(unsigned n) { return core_register((36 + std::uint64_t{n}) * 8); }
// The floating-point block is aligned to 16 bytes.
constexpr std::uint64_t core_v(unsigned n) {
  return kRegArm64 | kRegSizeU128 | kRegCore | (0x150 + 16 * std::uint64_t{n}) / 4;
}

// Arm ARM C5.1.2: op0, op1, CRn, CRm, op2.
constexpr std::uint64_t system_register(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
  return kRegArm64 | kRegSizeU64 | kRegSystem | (std::uint64_t{op0 & 3} << 14) | (std::uint64_t{op1 & 7} << 11) |
         (std::uint64_t{crn & 15} << 7) | (std::uint64_t{crm & 15} << 3) | (op2 & 7);
}

inline constexpr std::uint64_t kIdAa64Mmfr2El1 = system_register(3, 0, 0, 7, 2);
inline constexpr std::uint64_t kMpidrEl1 = system_register(3, 0, 0, 0, 5);
inline constexpr std::uint64_t kSctlrEl1 = system_register(3, 0, 1, 0, 0);
inline constexpr std::uint64_t kTtbr0El1 = system_register(3, 0, 2, 0, 0);
inline constexpr std::uint64_t kTtbr1El1 = system_register(3, 0, 2, 0, 1);
inline constexpr std::uint64_t kTcrEl1 = system_register(3, 0, 2, 0, 2);
inline constexpr std::uint64_t kEsrEl1 = system_register(3, 0, 5, 2, 0);
inline constexpr std::uint64_t kFarEl1 = system_register(3, 0, 6, 0, 0);
inline constexpr std::uint64_t kMairEl1 = system_register(3, 0, 10, 2, 0);
inline constexpr std::uint64_t kVbarEl1 = system_register(3, 0, 12, 0, 0);

// Virtual timer. The ids of counter and compare value do not follow their encodings: they were swapped when the
// interface was first published, and stay so (api.rst names it).
inline constexpr std::uint64_t kTimerControl = system_register(3, 3, 14, 3, 1);
inline constexpr std::uint64_t kTimerEnable = 1, kTimerMask = 2;  // CNTV_CTL_EL0.ENABLE, .IMASK
inline constexpr std::uint64_t kTimerCounter = system_register(3, 3, 14, 3, 2);
inline constexpr std::uint64_t kPhysicalTimerControl = system_register(3, 3, 14, 2, 1);
inline constexpr std::uint64_t kPhysicalTimerCounter = system_register(3, 3, 14, 0, 1);
inline constexpr std::uint64_t kTimerCompare = system_register(3, 3, 14, 0, 2);

}  // namespace remapstorm::arm64
