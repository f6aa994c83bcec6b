// SPDX-License-Identifier: Apache-2.0
// Which words of state take part, in which order they are restored, and what counts as a difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/arch/arm64/register_names.h"
#include "vmm/arch/arm64/state_kinds.h"
#include "vmm/arch/arm64/vectors.h"

namespace remapstorm::arm64 {
namespace {

bool restored_before(StateKind first, StateKind second) {
  const auto place = [](StateKind kind) { return std::find(kRestoreOrder.begin(), kRestoreOrder.end(), kind); };
  return place(first) < place(second);
}

std::vector<std::byte> item(const std::vector<SavedWord>& words) {
  const auto bytes = std::as_bytes(std::span(words));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::uint64_t> ids_of(StateKind kind) {
  std::vector<std::uint64_t> ids;
  for (const StateWord& word : gic_words(kind)) ids.push_back(word.id);
  return ids;
}

bool has(const std::vector<std::uint64_t>& ids, std::uint64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

TEST(Arm64State, RestoreKeepsItsConstraints) {
  EXPECT_TRUE(restored_before(StateKind::distributor, StateKind::redistributor));
  EXPECT_TRUE(restored_before(StateKind::redistributor, StateKind::private_levels));
  EXPECT_TRUE(restored_before(StateKind::distributor, StateKind::shared_levels));
  EXPECT_TRUE(restored_before(StateKind::interface, StateKind::registers));
  EXPECT_EQ(kRestoreOrder.back(), StateKind::counter);
}

TEST(Arm64State, EachKindIsRestoredOnceAndHasAName) {
  auto kinds = kRestoreOrder;
  std::sort(kinds.begin(), kinds.end());
  EXPECT_EQ(std::adjacent_find(kinds.begin(), kinds.end()), kinds.end());
  for (const StateKind kind : kinds) EXPECT_NE(state_name(kind), "unknown state");
}

// GICv3 (IHI 0069), 12.8 and 12.10: register maps.
TEST(Arm64State, OfEachInterruptAllThatTheControllerKeeps) {
  const auto shared = ids_of(StateKind::distributor), own = ids_of(StateKind::redistributor);
  for (const std::uint64_t id :
       {0x0000, 0x0084, 0x0104, 0x0204, 0x0304, 0x0420, 0x043c, 0x0c08, 0x0c0c, 0x6100, 0x61fc}) {
    EXPECT_TRUE(has(shared, id)) << std::hex << id;
  }
  // INTIDs from 64 on do not exist, and those below 32 are each vCPU's.
  for (const std::uint64_t id : {0x0080, 0x0088, 0x0400, 0x0440, 0x0c00, 0x0c10, 0x60f8, 0x6200}) {
    EXPECT_FALSE(has(shared, id)) << std::hex << id;
  }
  for (const std::uint64_t id : {0x14, 0x10080, 0x10100, 0x10200, 0x10300, 0x10400, 0x1041c, 0x10c00, 0x10c04}) {
    EXPECT_TRUE(has(own, id)) << std::hex << id;
  }
  EXPECT_EQ(ids_of(StateKind::interface).size(), 9U);
}

TEST(Arm64State, WhatAWriteOnlySetsIsClearedByAnotherRegister) {
  const auto clear_of = [](std::uint64_t id) {
    for (const StateWord& word : gic_words(StateKind::distributor)) {
      if (word.id == id) return word.clear;
    }
    return ~std::uint64_t{0};
  };
  EXPECT_EQ(clear_of(0x104), 0x184U);  // GICD_ISENABLER1
  EXPECT_EQ(clear_of(0x304), 0x384U);  // GICD_ISACTIVER1
  EXPECT_EQ(clear_of(0x204), 0U);      // GICD_ISPENDR1
}

TEST(Arm64State, InterfaceRegistersAsKvmTakesThem) {
  EXPECT_EQ(kPriorityMask, 0xc230U);  // ICC_PMR_EL1: 3, 0, 4, 6, 0
  EXPECT_EQ(kGroup1Enable, 0xc667U);  // ICC_IGRPEN1_EL1: 3, 0, 12, 12, 7
  EXPECT_EQ(vcpu_attribute(3, kPriorityMask), 0x30000c230U);
}

TEST(Arm64State, CountersDoNotTravelWithTheRegisters) {
  EXPECT_TRUE(register_apart(kTimerCounter));
  EXPECT_TRUE(register_apart(0x603000000013df01));  // CNTPCT_EL0
  EXPECT_FALSE(register_apart(kTimerCompare));
  EXPECT_EQ(register_bytes(core_x(0)), 8U);
  EXPECT_EQ(register_bytes(core_v(0)), 16U);
}

TEST(Arm64State, DifferencesAreNamed) {
  const auto want = item({{0x1000, 1, 0}, {core_v(0), 2, 3}});
  EXPECT_TRUE(compare_state(StateKind::registers, want, want).empty());
  const auto found = compare_state(StateKind::registers, want, item({{0x1000, 9, 0}, {core_v(0), 2, 4}}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], "register 0x1000: 0x1 became 0x9");
  EXPECT_EQ(compare_state(StateKind::registers, want, item({{0x1000, 1, 0}}))[0], "48 bytes became 24");
  EXPECT_EQ(compare_state(StateKind::distributor, item({{8, 1, 0}}), item({{4, 1, 0}}))[0], "register 0x8 is missing");
}

TEST(Arm64State, WhatChangesByItselfIsNoDifference) {
  const auto timer = [](std::uint64_t value) { return item({{kTimerControl, value, 0}}); };
  EXPECT_TRUE(compare_state(StateKind::registers, timer(1), timer(5)).empty());   // its condition is met
  EXPECT_EQ(compare_state(StateKind::registers, timer(1), timer(3)).size(), 1U);  // masked
  const auto levels = [](std::uint64_t value) { return item({{0, value, 0}}); };
  EXPECT_TRUE(compare_state(StateKind::private_levels, levels(0), levels(1U << 27)).empty());
  EXPECT_EQ(compare_state(StateKind::private_levels, levels(0), levels(1U << 25)).size(), 1U);
}

// One that stayed active would never come again; one that was cannot be made active.
TEST(Arm64State, ATimersInterruptMayBeOverAndMustNotHaveBegun) {
  const auto active = [](std::uint64_t value) { return item({{kPrivateActive, value, 0}}); };
  const auto differences = [&](std::uint64_t want, std::uint64_t have) {
    return compare_state(StateKind::redistributor, active(want), active(have)).size();
  };
  EXPECT_EQ(differences(1U << 27, 0), 0U);
  EXPECT_EQ(differences(0, 1U << 27), 1U);
  EXPECT_EQ(differences(1U << 25, 0), 1U) << "of no timer";
}

TEST(Arm64State, TheCounterOnlyMustNotRunBack) {
  const auto at = [](std::uint64_t value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  };
  EXPECT_TRUE(compare_state(StateKind::counter, at(5), at(9)).empty());
  EXPECT_EQ(compare_state(StateKind::counter, at(9), at(5))[0], "ran back from 0x9 to 0x5");
}

TEST(Arm64Registers, ByTheNamesOfADisassembly) {
  Registers registers;
  registers.x[3] = 0x1122334455667788;
  registers.x[29] = 29;
  registers.x[30] = 30;
  registers.sp = 0x10;
  registers.sp_el1 = 0x20;
  registers.pc = 0x30;
  registers.pstate = kPstateEl1h;
  EXPECT_EQ(value_of("x3", registers), 0x1122334455667788U);
  EXPECT_EQ(value_of("w3", registers), 0x55667788U);
  EXPECT_EQ(value_of("fp", registers), 29U);
  EXPECT_EQ(value_of("x29", registers), 29U);
  EXPECT_EQ(value_of("lr", registers), 30U);
  EXPECT_EQ(value_of("sp", registers), 0x20U);
  EXPECT_EQ(value_of("pc", registers), 0x30U);
  EXPECT_EQ(value_of("xzr", registers), 0U);
  registers.pstate = kPstateEl0t;
  EXPECT_EQ(value_of("sp", registers), 0x10U);
  for (const char* none : {"", "x", "x31", "w-1", "x3 ", "rax", "v0", "x99999999999"}) {
    EXPECT_EQ(value_of(none, registers), std::nullopt) << none;
  }
}

TEST(Arm64Vectors, OnlyTheFirstInstructionOfEach) {
  const Gva base(0xffff800080010800);
  EXPECT_TRUE(is_vector(base, base));
  EXPECT_TRUE(is_vector(base + 0x280, base));
  EXPECT_TRUE(is_vector(base + 0x780, base));
  EXPECT_FALSE(is_vector(base + 0x284, base));
  EXPECT_FALSE(is_vector(base + 0x800, base));
  EXPECT_FALSE(is_vector(base - 0x80, base));
}

}  // namespace
}  // namespace remapstorm::arm64
