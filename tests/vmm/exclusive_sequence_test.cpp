// SPDX-License-Identifier: Apache-2.0
#include "vmm/exclusive_sequence.h"

#include <gtest/gtest.h>

#include <cstring>

namespace remapstorm {
namespace {

constexpr Gva kPc(0xffff800080010000);

std::optional<ExclusiveSequence> sequence_of(const std::vector<std::uint32_t>& code, Isa isa = Isa::arm64) {
  return exclusive_sequence(isa, kPc, [&](Gva at, std::span<std::byte> out) {
    const std::uint64_t offset = at - kPc;
    if (offset + out.size() > code.size() * 4) return false;
    std::memcpy(out.data(), reinterpret_cast<const std::byte*>(code.data()) + offset, out.size());
    return true;
  });
}

// As gcc and binutils 2.40 make them.
constexpr std::uint32_t kLdxr = 0x885f7c20;  // ldxr w0, [x1]
constexpr std::uint32_t kAdd = 0x11000400;   // add w0, w0, #1
constexpr std::uint32_t kStxr = 0x88027c20;  // stxr w2, w0, [x1]
constexpr std::uint32_t kBack = 0x35ffffa2;  // cbnz w2, three instructions back
constexpr std::uint32_t kNop = 0xd503201f;

TEST(ExclusiveSequence, EndsBehindItsStore) {
  const auto sequence = sequence_of({kLdxr, kAdd, kStxr, kBack, kNop});
  ASSERT_TRUE(sequence.has_value());
  EXPECT_EQ(sequence->inside, 2U);
  EXPECT_EQ(sequence->ends, (std::vector<ExclusiveSequence::End>{{kPc + 12, 2}}));
}

TEST(ExclusiveSequence, ABranchOutOfItIsAnEnd) {
  // ldaxr x0, [x1]; eor x3, x0, x4; cbnz x3, behind the loop; stxr w2, x5, [x1]; cbnz w2, back
  const auto sequence = sequence_of({0xc85ffc20, 0xca040003, 0xb5000063, 0xc8027c25, 0x35ffff82, kNop});
  ASSERT_TRUE(sequence.has_value());
  EXPECT_EQ(sequence->inside, 3U);
  EXPECT_EQ(sequence->ends, (std::vector<ExclusiveSequence::End>{{kPc + 16, 3}, {kPc + 20, 2}}));
}

TEST(ExclusiveSequence, PairsBytesAndHalfwords) {
  EXPECT_TRUE(sequence_of({0xc87f0420 /* ldxp x0, x1, [x1] */, 0xc8220420 /* stxp w2, x0, x1, [x1] */}).has_value());
  EXPECT_TRUE(sequence_of({0x085f7c20 /* ldxrb */, 0x08027c20 /* stxrb */}).has_value());
  EXPECT_TRUE(sequence_of({0x485ffc20 /* ldaxrh */, 0x4802fc20 /* stlxrh */}).has_value());
}

TEST(ExclusiveSequence, WhatOnlyLooksLikeOne) {
  for (const std::uint32_t other : {0x88dffc20U /* ldar w0, [x1] */, 0x889ffc20U /* stlr */, 0x88a07c41U /* cas */,
                                    0x48207c22U /* casp */, 0xb9400020U /* ldr */, kNop, kStxr})
    EXPECT_FALSE(sequence_of({other, kAdd, kStxr, kBack}).has_value()) << std::hex << other;
}

TEST(ExclusiveSequence, BarriersMayStandInsideAndCallsMayNot) {
  EXPECT_TRUE(sequence_of({kLdxr, 0xd5033bbf /* dmb ish */, kNop, kStxr}).has_value());
  for (const std::uint32_t other : {0x94000010U /* bl */, 0x14000010U /* b */, 0xd65f03c0U /* ret */,
                                    0xd4000001U /* svc */, 0xd503205fU /* wfe */, 0xd5033f5fU /* clrex */, kLdxr})
    EXPECT_FALSE(sequence_of({kLdxr, other, kStxr, kBack}).has_value()) << std::hex << other;
}

TEST(ExclusiveSequence, AnEndThatIsNotThereIsNone) {
  EXPECT_FALSE(sequence_of({kLdxr, kAdd}).has_value()) << "cut by the end of what is mapped";
  std::vector<std::uint32_t> far(40, kNop);
  far.front() = kLdxr;
  far[33] = kStxr;
  EXPECT_FALSE(sequence_of(far).has_value());
  std::swap(far[33], far[32]);
  EXPECT_TRUE(sequence_of(far).has_value());
}

TEST(ExclusiveSequence, MoreEndsThanBreakpointsAreNone) {
  // Two branches out of it, to two places.
  EXPECT_FALSE(sequence_of({kLdxr, 0x35000100 /* cbnz w0, +32 */, 0x54000200 /* b.eq +64 */, kStxr}).has_value());
  EXPECT_TRUE(sequence_of({kLdxr, 0x35000100, 0x540000e0 /* b.eq, the same place */, kStxr}).has_value());
  EXPECT_TRUE(sequence_of({kLdxr, 0x36000100 /* tbz w0, #0, +32 */, kStxr}).has_value());
}

TEST(ExclusiveSequence, X86HasNone) { EXPECT_FALSE(sequence_of({kLdxr, kAdd, kStxr}, Isa::x86_64).has_value()); }

}  // namespace
}  // namespace remapstorm
