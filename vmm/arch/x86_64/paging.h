// SPDX-License-Identifier: Apache-2.0
// Page-table entries (SDM volume 3, 4.5) and descriptors (3.4.5).
#pragma once

#include <cstdint>

#include "vmm/arch/x86_64/registers.h"

namespace remapstorm::x86_64 {

inline constexpr std::uint64_t kPtePresent = 1ULL << 0;
inline constexpr std::uint64_t kPteWritable = 1ULL << 1;
inline constexpr std::uint64_t kPteUser = 1ULL << 2;
inline constexpr std::uint64_t kPteAccessed = 1ULL << 5;
inline constexpr std::uint64_t kPteDirty = 1ULL << 6;
inline constexpr std::uint64_t kPteLarge = 1ULL << 7;
inline constexpr std::uint64_t kPteNoExecute = 1ULL << 63;
inline constexpr std::uint64_t kPteAddressMask = 0x000ffffffffff000ULL;
inline constexpr unsigned kIndexBits = 9;

// Which entry of the table at `level` (1: page table) translates the address.
constexpr unsigned table_index(std::uint64_t address, unsigned level) {
  return static_cast<unsigned>(address >> (12 + kIndexBits * (level - 1))) & 0x1ff;
}
// Bytes one entry at `level` maps when it is a leaf.
constexpr std::uint64_t leaf_size(unsigned level) { return 1ULL << (12 + kIndexBits * (level - 1)); }

// A descriptor as the GDT holds it.
constexpr std::uint64_t gdt_entry(const Segment& segment) {
  const std::uint64_t limit = segment.g ? segment.limit >> 12 : segment.limit;
  std::uint64_t entry = (limit & 0xffff) | ((segment.base & 0xffffff) << 16) | ((limit >> 16 & 0xf) << 48) |
                        ((segment.base >> 24 & 0xff) << 56);
  entry |= std::uint64_t{segment.type} << 40 | std::uint64_t{segment.s} << 44 | std::uint64_t{segment.dpl} << 45;
  entry |= std::uint64_t{segment.present} << 47 | std::uint64_t{segment.avl} << 52 | std::uint64_t{segment.l} << 53;
  entry |= std::uint64_t{segment.db} << 54 | std::uint64_t{segment.g} << 55;
  return entry;
}

// Flat segments for 64-bit mode. `dpl` 0 or 3.
constexpr Segment flat_code(std::uint16_t selector, std::uint8_t dpl) {
  Segment s;
  s.limit = 0xffffffff;
  s.selector = static_cast<std::uint16_t>(selector | dpl);
  s.type = 0xb;  // execute, read, accessed
  s.present = true;
  s.dpl = dpl;
  s.s = true;
  s.l = true;
  s.g = true;
  return s;
}
constexpr Segment flat_data(std::uint16_t selector, std::uint8_t dpl) {
  Segment s;
  s.limit = 0xffffffff;
  s.selector = static_cast<std::uint16_t>(selector | dpl);
  s.type = 0x3;  // read, write, accessed
  s.present = true;
  s.dpl = dpl;
  s.db = true;
  s.s = true;
  s.g = true;
  return s;
}
constexpr Segment task_state(std::uint16_t selector, std::uint64_t base) {
  Segment s;
  s.base = base;
  s.limit = 0x67;
  s.selector = selector;
  s.type = 0xb;  // 64-bit TSS, busy
  s.present = true;
  return s;
}

}  // namespace remapstorm::x86_64
