// SPDX-License-Identifier: Apache-2.0
#include "vmm/disassembler.h"

#include <gtest/gtest.h>

#include <cstring>

namespace remapstorm {
namespace {

using Bytes = std::vector<std::uint8_t>;

Disassembler x86() {
  auto made = Disassembler::create(Isa::x86_64);
  EXPECT_TRUE(made.ok());
  return std::move(*made);
}

// Guest-virtual memory that holds one piece of code.
ReadVirtual memory_with(Gva start, Bytes code) {
  return [start, code](Gva address, std::span<std::byte> out) {
    if (address < start || address - start > code.size() || out.size() > code.size() - (address - start)) return false;
    std::memcpy(out.data(), code.data() + (address - start), out.size());
    return true;
  };
}

TEST(Disassembler, OneInstruction) {
  const Instruction i = x86().one(Bytes{0x0f, 0xae, 0x2f, 0x90}, Gva(0x1000));
  EXPECT_EQ(i.text, "xrstor ptr [rdi]") << i.text;
  EXPECT_EQ(i.bytes, (Bytes{0x0f, 0xae, 0x2f}));
  EXPECT_FALSE(i.bad);
}

TEST(Disassembler, BadBytesAreALineAndNeverALoop) {
  const auto lines = x86().range(Bytes(20, 0x06), Gva(0), 100);  // PUSH ES does not exist in 64-bit mode
  ASSERT_EQ(lines.size(), 20u);
  EXPECT_TRUE(lines[0].bad);
  EXPECT_EQ(lines[0].text, "(bad)");
  EXPECT_EQ(lines[19].pc, Gva(19));
  EXPECT_TRUE(x86().one({}, Gva(0)).bad);
  EXPECT_TRUE(x86().one({}, Gva(0)).bytes.empty());
  EXPECT_TRUE(x86().range({}, Gva(0), 10).empty());
}

TEST(Disassembler, ATruncatedInstructionIsBad) {
  const auto lines = x86().range(Bytes{0x90, 0x48, 0xb8, 0x01}, Gva(0), 10);  // nop; mov rax, imm64 cut short
  ASSERT_GE(lines.size(), 2u);
  EXPECT_TRUE(lines[1].bad);
}

TEST(Disassembler, Arm64) {
  auto arm = Disassembler::create(Isa::arm64);
  ASSERT_TRUE(arm.ok());
  const auto lines =
      arm->range(Bytes{0xc0, 0x03, 0x5f, 0xd6, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x20, 0x03, 0xd5}, Gva(0), 9);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].text, "ret");
  EXPECT_TRUE(lines[1].bad);
  EXPECT_EQ(lines[1].bytes.size(), 4u);
  EXPECT_EQ(lines[2].text, "nop");
}

// push rbp; mov rbp, rsp; mov eax, 0x90909090; nop; pop rbp; ret; then padding
const Bytes kFunction = {0x55, 0x48, 0x89, 0xe5, 0xb8, 0x90, 0x90, 0x90, 0x90, 0x90, 0x5d, 0xc3, 0xcc, 0xcc, 0xcc,
                         0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                         0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                         0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc};

TEST(Disassembler, GoingBackwardsKeepsTrueBoundaries) {
  const Symbols symbols({{"function", Gva(0x1000), 12, true}});
  const auto lines = x86().around(Gva(0x1009), 2, 2, symbols, memory_with(Gva(0x1000), kFunction));
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0].text, "mov rbp, rsp");
  EXPECT_EQ(lines[1].text, "mov eax, 0x90909090");
  EXPECT_EQ(lines[2].pc, Gva(0x1009));
  EXPECT_EQ(lines[2].text, "nop");
  EXPECT_EQ(lines[3].text, "pop rbp");
  EXPECT_EQ(lines[4].text, "ret");
}

TEST(Disassembler, NamesBranchTargetsAndRelativeOperands) {
  Bytes code = {0xe8, 0xfb, 0x0f, 0x00, 0x00,              // call +0xffb
                0x48, 0x8b, 0x05, 0xf4, 0x1f, 0x00, 0x00,  // mov rax, [rip + 0x1ff4]
                0x48, 0x8b, 0x05, 0xf5, 0xef, 0xff, 0xff,  // mov rax, [rip - 0x100b]
                0xeb, 0x00,                                // jmp to the next
                0x48, 0x8d, 0x35, 0x00, 0x00, 0x00, 0x00,  // lea rsi, [rip]
                0xb8, 0x00, 0x20, 0x00, 0x00};             // mov eax, 0x2000
  code.resize(200, 0x90);
  const Symbols symbols({{"here", Gva(0x1000), 0x80, true},
                         {"callee", Gva(0x2000), 0x10, true},
                         {"data", Gva(0x2ff0), 0x80, true},
                         {"low", Gva(0x8), 8, true}});
  const auto lines = x86().around(Gva(0x1000), 0, 5, symbols, memory_with(Gva(0x1000), code));
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0].text, "call 0x2000 <callee>");
  EXPECT_EQ(lines[1].text, "mov rax, qword ptr [rip + 0x1ff4] <data+0x10>");
  EXPECT_EQ(lines[2].text, "mov rax, qword ptr [rip - 0x100b] <low>");
  EXPECT_EQ(lines[3].text, "jmp 0x1015 <here+0x15>");
  EXPECT_EQ(lines[4].text, "lea rsi, [rip] <here+0x1c>");
  EXPECT_EQ(lines[5].text, "mov eax, 0x2000") << "a plain number is no address";
}

TEST(Disassembler, WithoutASymbolNothingIsInventedBefore) {
  const auto lines = x86().around(Gva(0x1009), 3, 1, Symbols(), memory_with(Gva(0x1000), kFunction));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].pc, Gva(0x1009));
}

TEST(Disassembler, APcInsideAnInstructionShowsNothingBefore) {
  const Symbols symbols({{"function", Gva(0x1000), 12, true}});
  const auto lines = x86().around(Gva(0x1006), 3, 1, symbols, memory_with(Gva(0x1000), kFunction));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0].pc, Gva(0x1006));
}

TEST(Disassembler, UnmappedCodeGivesNothing) {
  const Symbols symbols({{"function", Gva(0x1000), 12, true}});
  const ReadVirtual nothing = [](Gva, std::span<std::byte>) { return false; };
  EXPECT_TRUE(x86().around(Gva(0x1004), 3, 3, symbols, nothing).empty());
}

TEST(Explain, NamesInstructionAndFunction) {
  const Symbols symbols({{"restore_fpregs", Gva(0x1000), 0x40, true}});
  HostErrorStop stop;
  stop.error = host_error("KVM cannot emulate an instruction of the guest");
  stop.instruction = {0x0f, 0xae, 0x2f, 0x31, 0xc0};
  stop.pc = Gva(0x1010);
  stop.emulation_failure = true;
  EXPECT_EQ(explain(stop, x86(), symbols),
            "KVM cannot emulate an instruction of the guest: xrstor ptr [rdi] (0f ae 2f) at restore_fpregs+0x10/0x40");
  stop.instruction.clear();
  EXPECT_EQ(explain(stop, x86(), Symbols()), "KVM cannot emulate an instruction of the guest at 0x1010");
}

TEST(HexBytes, AreTwoDigitsEach) { EXPECT_EQ(hex_bytes(Bytes{0x0f, 0x0b, 0xff}), "0f 0b ff"); }

}  // namespace
}  // namespace remapstorm
