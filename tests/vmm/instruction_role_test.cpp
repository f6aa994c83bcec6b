// SPDX-License-Identifier: Apache-2.0
#include "vmm/instruction_role.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace remapstorm {
namespace {

using Bytes = std::vector<std::uint8_t>;

RegisterValue registers(std::map<std::string, std::uint64_t> known) {
  return [known = std::move(known)](std::string_view name) -> std::optional<std::uint64_t> {
    const auto found = known.find(std::string(name));
    return found == known.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(InstructionRole, TellsWaitingSleepingAndSending) {
  const auto x86 = [](const Bytes& code) { return role_of(Isa::x86_64, code); };
  EXPECT_EQ(x86({0xf3, 0x90}), InstructionRole::spin_hint);
  EXPECT_EQ(x86({0x90, 0xf3}), InstructionRole::plain);
  EXPECT_EQ(x86({0xf4}), InstructionRole::sleep);
  EXPECT_EQ(x86({0x0f, 0x30}), InstructionRole::may_send);
  EXPECT_EQ(x86({0x0f, 0x01, 0xd9}), InstructionRole::may_send);
  EXPECT_EQ(x86({0x0f}), InstructionRole::plain);
  EXPECT_EQ(x86({}), InstructionRole::plain);
  const auto arm = [](const Bytes& code) { return role_of(Isa::arm64, code); };
  EXPECT_EQ(arm({0x3f, 0x20, 0x03, 0xd5}), InstructionRole::spin_hint);  // yield
  EXPECT_EQ(arm({0x5f, 0x20, 0x03, 0xd5}), InstructionRole::spin_hint);  // wfe
  EXPECT_EQ(arm({0x7f, 0x20, 0x03, 0xd5}), InstructionRole::sleep);      // wfi
  EXPECT_EQ(arm({0xa0, 0xcb, 0x18, 0xd5}), InstructionRole::may_send);   // msr icc_sgi1r_el1, x0
  EXPECT_EQ(arm({0x1f, 0x20, 0x03, 0xd5}), InstructionRole::plain);      // nop
}

TEST(SentInterrupt, IsWhatTheInterruptCommandSays) {
  const Bytes wrmsr{0x0f, 0x30}, vmcall{0x0f, 0x01, 0xc1};
  const auto icr = [&](std::uint64_t low) {
    return sent_interrupt(Isa::x86_64, wrmsr, registers({{"ecx", 0x830}, {"eax", low}}));
  };
  ASSERT_TRUE(icr(0x8fb));
  EXPECT_FALSE(icr(0x8fb)->nmi) << "fixed, logical";
  ASSERT_TRUE(icr(0x400));
  EXPECT_TRUE(icr(0x400)->nmi);
  EXPECT_FALSE(icr(0x40000 | 0xf6)) << "to itself";
  EXPECT_FALSE(icr(0x500)) << "INIT";
  EXPECT_FALSE(sent_interrupt(Isa::x86_64, wrmsr, registers({{"ecx", 0x6e0}, {"eax", 0xfb}}))) << "another register";
  EXPECT_TRUE(sent_interrupt(Isa::x86_64, vmcall, registers({{"rax", 10}, {"rsi", 0xfb}})));
  EXPECT_FALSE(sent_interrupt(Isa::x86_64, vmcall, registers({{"rax", 5}, {"rsi", 0xfb}})));
  EXPECT_TRUE(sent_by_store(Isa::x86_64, Gpa(0xfee00300), 0xfb));
  EXPECT_FALSE(sent_by_store(Isa::x86_64, Gpa(0xfee00310), 0xfb)) << "the destination";
  EXPECT_TRUE(sent_interrupt(Isa::arm64, Bytes{0xa3, 0xcb, 0x18, 0xd5}, registers({})));
}

}  // namespace
}  // namespace remapstorm
