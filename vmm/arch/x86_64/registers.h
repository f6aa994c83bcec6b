// SPDX-License-Identifier: Apache-2.0
// Registers of an x86-64 vCPU as plain data (SDM volume 1, 3.4; volume 3, 2).
#pragma once

#include <array>
#include <cstdint>

namespace remapstorm::x86_64 {

struct Registers {
  std::uint64_t rax = 0, rbx = 0, rcx = 0, rdx = 0, rsi = 0, rdi = 0, rsp = 0, rbp = 0;
  std::uint64_t r8 = 0, r9 = 0, r10 = 0, r11 = 0, r12 = 0, r13 = 0, r14 = 0, r15 = 0;
  std::uint64_t rip = 0, rflags = 2;
  bool operator==(const Registers&) const = default;
};

struct Segment {
  std::uint64_t base = 0;
  std::uint32_t limit = 0;
  std::uint16_t selector = 0;
  std::uint8_t type = 0;
  bool present = false;
  std::uint8_t dpl = 0;
  bool db = false;
  bool s = false;  // code or data, not system
  bool l = false;  // 64-bit code
  bool g = false;
  bool avl = false;
  bool unusable = false;
  bool operator==(const Segment&) const = default;
};

struct Table {
  std::uint64_t base = 0;
  std::uint16_t limit = 0;
  bool operator==(const Table&) const = default;
};

struct SystemRegisters {
  Segment cs, ds, es, fs, gs, ss, tr, ldt;
  Table gdt, idt;
  std::uint64_t cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, cr8 = 0;
  std::uint64_t efer = 0;
  std::uint64_t apic_base = 0;
  std::array<std::uint64_t, 4> interrupt_bitmap{};
  bool operator==(const SystemRegisters&) const = default;
};

}  // namespace remapstorm::x86_64
