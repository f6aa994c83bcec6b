// SPDX-License-Identifier: Apache-2.0
// Stage-1 descriptors with a 4 KiB granule and 48-bit addresses (Arm ARM D8.3, VMSAv8-64 descriptor formats). Levels
// are counted as on x86: 1 is the page table (Arm's level 3), 4 the root (Arm's level 0).
#pragma once

#include <cstdint>

namespace remapstorm::arm64 {

inline constexpr std::uint64_t kStage1Valid = 1ULL << 0;
inline constexpr std::uint64_t kStage1TableOrPage = 1ULL << 1;
inline constexpr unsigned kStage1AttributeShift = 2;         // AttrIndx, three bits
inline constexpr std::uint64_t kStage1User = 1ULL << 6;      // AP[1]
inline constexpr std::uint64_t kStage1ReadOnly = 1ULL << 7;  // AP[2]
inline constexpr std::uint64_t kStage1InnerShareable = 3ULL << 8;
inline constexpr std::uint64_t kStage1AccessFlag = 1ULL << 10;
inline constexpr std::uint64_t kStage1NotGlobal = 1ULL << 11;
inline constexpr std::uint64_t kStage1NoTranslation = 1ULL << 16;  // nT: FEAT_BBM level 1
inline constexpr std::uint64_t kStage1DirtyModifier = 1ULL << 51;
inline constexpr std::uint64_t kStage1Contiguous = 1ULL << 52;
inline constexpr std::uint64_t kStage1KernelNoExecute = 1ULL << 53;  // PXN
inline constexpr std::uint64_t kStage1UserNoExecute = 1ULL << 54;    // UXN
inline constexpr std::uint64_t kStage1AddressMask = 0x0000fffffffff000ULL;

enum class Stage1Kind : std::uint8_t { invalid, table, leaf };

// A block is a leaf at levels 2 and 3 only; at level 1 only "page" is valid, at level 4 only "table".
constexpr Stage1Kind stage1_kind(std::uint64_t entry, unsigned level) {
  if ((entry & kStage1Valid) == 0) return Stage1Kind::invalid;
  const bool table_or_page = (entry & kStage1TableOrPage) != 0;
  if (level == 1) return table_or_page ? Stage1Kind::leaf : Stage1Kind::invalid;
  if (table_or_page) return Stage1Kind::table;
  return level == 2 || level == 3 ? Stage1Kind::leaf : Stage1Kind::invalid;
}

constexpr unsigned stage1_index(std::uint64_t address, unsigned level) {
  return static_cast<unsigned>(address >> (12 + 9 * (level - 1))) & 0x1ff;
}
constexpr std::uint64_t stage1_leaf_size(unsigned level) { return 1ULL << (12 + 9 * (level - 1)); }

constexpr std::uint64_t stage1_table(std::uint64_t address) {
  return (address & kStage1AddressMask) | kStage1TableOrPage | kStage1Valid;
}
// `attribute_index` selects a field of MAIR_EL1.
constexpr std::uint64_t stage1_leaf(std::uint64_t address, unsigned level, unsigned attribute_index,
                                    std::uint64_t flags) {
  const std::uint64_t page = level == 1 ? kStage1TableOrPage : 0;
  return (address & kStage1AddressMask) | (std::uint64_t{attribute_index & 7} << kStage1AttributeShift) |
         kStage1AccessFlag | kStage1Valid | page | flags;
}

}  // namespace remapstorm::arm64
