// SPDX-License-Identifier: Apache-2.0
// The MP configuration table (Intel MultiProcessor Specification 1.4, chapter 4): how a guest without ACPI finds its
// processors and interrupt lines. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace remapstorm::x86_64 {

inline constexpr std::uint32_t kIoApicAddress = 0xfec00000;
inline constexpr std::uint32_t kLocalApicAddress = 0xfee00000;
inline constexpr unsigned kIsaInterrupts = 16;

// Floating pointer structure and configuration table for `cpus` processors (APIC id = index, 0 boots), one ISA bus, one
// IOAPIC (id = cpus) with ISA interrupts on the pins of the same number, LINT0 ExtINT, LINT1 NMI. `address` is where
// the bytes will lie: 16-byte aligned, below 1 MiB.
std::vector<std::uint8_t> make_mp_table(unsigned cpus, std::uint32_t address);

}  // namespace remapstorm::x86_64
