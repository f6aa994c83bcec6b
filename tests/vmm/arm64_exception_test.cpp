// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "vmm/arch/arm64/exception_entry.h"

namespace remapstorm::arm64 {
namespace {

constexpr Gva kBase(0xffff800080010800);

// Values of PSTATE as Linux prints them; the vectors are those of Arm ARM D1.4.2.
TEST(ExceptionEntry, TheVectorIsOfTheLevelAndStackThatItComesFrom) {
  EXPECT_EQ(enter_synchronous(0x60000005, 0, kBase).pc, kBase + 0x200);
  EXPECT_EQ(enter_synchronous(0x60000004, 0, kBase).pc, kBase + 0x000);
  EXPECT_EQ(enter_synchronous(0x60000000, 0, kBase).pc, kBase + 0x400);
}

TEST(ExceptionEntry, EverythingIsMaskedAndTheConditionsStay) {
  // SCTLR_EL1.SPAN: PAN as it was.
  EXPECT_EQ(enter_synchronous(0x60000005, 1 << 23, kBase).pstate, 0x600003c5U);
  EXPECT_EQ(enter_synchronous(0x20400005, 1 << 23, kBase).pstate, 0x204003c5U);
  EXPECT_EQ(enter_synchronous(0x60000000, 0, kBase).pstate, 0x604003c5U);
  // UAO, SS, IL, BTYPE go.
  EXPECT_EQ(enter_synchronous(0x60b00c05, 1 << 23, kBase).pstate, 0x600003c5U);
  // DSSBS.
  EXPECT_EQ(enter_synchronous(0x60000005, 1ULL << 44 | 1 << 23, kBase).pstate, 0x600013c5U);
}

}  // namespace
}  // namespace remapstorm::arm64
