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

TEST(BranchOf, X86CallsAndJumps) {
  const auto of = [](const Bytes& code) { return branch_of(Isa::x86_64, code, Gva(0x1000)); };
  EXPECT_EQ(of({0xe8, 0x10, 0, 0, 0}), (Branch{true, Gva(0x1015)}));
  EXPECT_EQ(of({0xe8, 0xfb, 0xff, 0xff, 0xff}), (Branch{true, Gva(0x1000)}));   // call to itself
  EXPECT_EQ(of({0x2e, 0xe8, 0x10, 0, 0, 0}), (Branch{true, Gva(0x1016)}));      // cs call
  EXPECT_EQ(of({0x41, 0xff, 0xd3}), (Branch{true, std::nullopt}));              // call r11
  EXPECT_EQ(of({0x3e, 0xff, 0x15, 0, 0, 0, 0}), (Branch{true, std::nullopt}));  // notrack call [rip]
  EXPECT_EQ(of({0xe9, 0, 0, 0, 0}), (Branch{false, Gva(0x1005)}));
  EXPECT_EQ(of({0xeb, 0xfe}), (Branch{false, Gva(0x1000)}));
  EXPECT_EQ(of({0xff, 0xe0}), (Branch{false, std::nullopt}));  // jmp rax
  for (const Bytes& none : {Bytes{}, {0x74, 0x05}, {0xff, 0xc0}, {0xff}, {0x48}, {0x0f, 0x84, 0, 0, 0, 0}, {0xc3}}) {
    EXPECT_EQ(of(none), std::nullopt);
  }
  EXPECT_EQ(of({0xe8, 0x10}), (Branch{true, std::nullopt}));  // cut
}

TEST(BranchOf, ArmCallsAndJumps) {
  const auto of = [](std::uint32_t word) {
    return branch_of(Isa::arm64,
                     Bytes{static_cast<std::uint8_t>(word), static_cast<std::uint8_t>(word >> 8),
                           static_cast<std::uint8_t>(word >> 16), static_cast<std::uint8_t>(word >> 24)},
                     Gva(0x1000));
  };
  EXPECT_EQ(of(0x94000004), (Branch{true, Gva(0x1010)}));    // bl .+16
  EXPECT_EQ(of(0x97ffffff), (Branch{true, Gva(0xffc)}));     // bl .-4
  EXPECT_EQ(of(0x14000001), (Branch{false, Gva(0x1004)}));   // b .+4
  EXPECT_EQ(of(0xd63f0060), (Branch{true, std::nullopt}));   // blr x3
  EXPECT_EQ(of(0xd61f0220), (Branch{false, std::nullopt}));  // br x17
  EXPECT_EQ(of(0xd65f03c0), std::nullopt);                   // ret
  EXPECT_EQ(of(0x54000040), std::nullopt);                   // b.eq
  EXPECT_EQ(branch_of(Isa::arm64, Bytes{0x94}, Gva(0)), std::nullopt);
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
