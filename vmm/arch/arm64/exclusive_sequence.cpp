// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/exclusive_sequence.h"

#include <algorithm>
#include <array>

namespace remapstorm::arm64 {
namespace {

constexpr std::size_t kLongest = 32;  // instructions; the architecture promises nothing beyond 128 bytes
constexpr std::size_t kMostEnds = 2;

// Arm ARM C4.1.94, "Load/store exclusive register" and "... pair": o2 is bit 23, L bit 22, o1 bit 21, size 31:30. With
// o1 and a size below 2 it is CASP.
bool is_exclusive(std::uint32_t word) {
  const bool pair = (word >> 21 & 1) != 0, casp = pair && word >> 30 < 2;
  return (word & 0x3f800000) == 0x08000000 && !casp;
}
bool loads(std::uint32_t word) { return (word >> 22 & 1) != 0; }

// Signed, of `bits` bits from `low` on, in words.
std::uint64_t displacement(std::uint32_t word, unsigned low, unsigned bits) {
  const auto top = static_cast<std::int32_t>(word << (32 - low - bits));
  return static_cast<std::uint64_t>(std::int64_t{top >> (32 - bits)} * 4);
}

// C4.1.66: B.cond; CBZ, CBNZ; TBZ, TBNZ.
std::optional<Gva> target_of_conditional(std::uint32_t word, Gva pc) {
  if ((word & 0xff000000) == 0x54000000 || (word & 0x7e000000) == 0x34000000) return pc + displacement(word, 5, 19);
  if ((word & 0x7e000000) == 0x36000000) return pc + displacement(word, 5, 14);
  return std::nullopt;
}

// What else is in that group leaves: branches without a condition, exceptions, ERET, and hints and barriers with them,
// of which NOP, DMB, DSB and ISB do not. (CLREX ends exclusive access.)
bool leaves(std::uint32_t word) {
  if ((word & 0x1c000000) != 0x14000000) return false;
  const bool harmless_barrier = (word & 0xfffff01f) == 0xd503301f && (word >> 5 & 7) != 2;
  return word != 0xd503201f && !harmless_barrier;
}

std::optional<std::uint32_t> word_at(Gva pc, const ReadVirtual& read) {
  std::uint32_t word = 0;
  if (!read(pc, std::as_writable_bytes(std::span(&word, 1)))) return std::nullopt;
  return word;
}

}  // namespace

std::optional<ExclusiveSequence> exclusive_sequence(Gva pc, const ReadVirtual& read) {
  const auto first = word_at(pc, read);
  if (!first || !is_exclusive(*first) || !loads(*first)) return std::nullopt;
  std::vector<ExclusiveSequence::End> targets;
  for (std::size_t i = 1; i <= kLongest; ++i) {
    const Gva at = pc + 4 * i;
    const auto word = word_at(at, read);
    if (!word || (is_exclusive(*word) && loads(*word))) return std::nullopt;
    if (is_exclusive(*word)) {
      ExclusiveSequence sequence{i, {{at + 4, i}}};
      for (const ExclusiveSequence::End& target : targets) {
        const bool out = target.pc < pc || target.pc > at;
        const auto known = std::ranges::find(sequence.ends, target.pc, &ExclusiveSequence::End::pc);
        if (out && known == sequence.ends.end()) sequence.ends.push_back(target);
      }
      return sequence.ends.size() <= kMostEnds ? std::optional(sequence) : std::nullopt;
    }
    if (const auto target = target_of_conditional(*word, at)) {
      targets.push_back({*target, i});
    } else if (leaves(*word)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace remapstorm::arm64
