// SPDX-License-Identifier: Apache-2.0
#include "vmm/memory_access.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace remapstorm {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::string kind(const Bytes& code, Isa isa = Isa::x86_64) {
  const auto decoder = MemoryAccessDecoder::create(isa);
  EXPECT_TRUE(decoder.ok());
  const auto kind = decoder->classify(code, Gva(0x1000));
  return kind ? std::string(access_name(*kind)) : "none";
}

TEST(MemoryAccess, TellsReadsWritesAndAtomicsOnX86) {
  EXPECT_EQ(kind({0x48, 0x8b, 0x03}), "read");                  // mov rax, [rbx]
  EXPECT_EQ(kind({0x48, 0x89, 0x03}), "write");                 // mov [rbx], rax
  EXPECT_EQ(kind({0x48, 0xc7, 0x03, 0x01, 0, 0, 0}), "write");  // mov qword [rbx], 1
  EXPECT_EQ(kind({0xff, 0x03}), "read+write");                  // inc dword [rbx]
  EXPECT_EQ(kind({0x48, 0x09, 0x03}), "read+write");            // or [rbx], rax
  EXPECT_EQ(kind({0xf0, 0xff, 0x03}), "atomic");                // lock inc dword [rbx]
  EXPECT_EQ(kind({0xf0, 0x0f, 0xb1, 0x0b}), "atomic");          // lock cmpxchg [rbx], ecx
  EXPECT_EQ(kind({0xf0, 0x0f, 0xc1, 0x03}), "atomic");          // lock xadd [rbx], eax
  EXPECT_EQ(kind({0x87, 0x03}), "atomic");                      // xchg [rbx], eax
  EXPECT_EQ(kind({0x48, 0x83, 0x3b, 0x00}), "read");            // cmp qword [rbx], 0
  EXPECT_EQ(kind({0xf6, 0x03, 0x01}), "read");                  // test byte [rbx], 1
  EXPECT_EQ(kind({0xff, 0x33}), "read");                        // push qword [rbx]
}

TEST(MemoryAccess, AddressesThatAreOnlyComputedAreNone) {
  EXPECT_EQ(kind({0x48, 0x8d, 0x03}), "none");  // lea rax, [rbx]
  EXPECT_EQ(kind({0x0f, 0x1f, 0x00}), "none");  // nop dword [rax]
  EXPECT_EQ(kind({0x0f, 0x18, 0x0b}), "none");  // prefetcht0 [rbx]
  EXPECT_EQ(kind({0x0f, 0x01, 0x3b}), "none");  // invlpg [rbx]
  EXPECT_EQ(kind({0x48, 0x89, 0xd8}), "none");  // mov rax, rbx
  EXPECT_EQ(kind({0xc3}), "none");              // ret: its stack is not an operand
  EXPECT_EQ(kind({}), "none");
  EXPECT_EQ(kind({0x06}), "none");  // no instruction in 64-bit mode
}

TEST(MemoryAccess, StringInstructionsReadAndWriteTwoPlaces) {
  const auto decoder = MemoryAccessDecoder::create(Isa::x86_64);
  ASSERT_TRUE(decoder.ok());
  const RegisterValue registers = [](std::string_view name) -> std::optional<std::uint64_t> {
    if (name == "rsi") return 0x1000;
    if (name == "rdi") return 0x2000;
    return std::nullopt;
  };
  const auto all = decoder->accesses(Bytes{0xf3, 0x48, 0xa5}, Gva(0), registers);  // rep movsq
  ASSERT_EQ(all.size(), 2U);
  std::map<std::uint64_t, AccessKind> by_address;
  for (const MemoryAccess& one : all) {
    ASSERT_TRUE(one.address);
    EXPECT_EQ(one.size, 8U);
    by_address[one.address->value] = one.kind;
  }
  EXPECT_EQ(by_address[0x1000], AccessKind::read);
  EXPECT_EQ(by_address[0x2000], AccessKind::write);
}

TEST(MemoryAccess, ComputesAddressesFromRegisters) {
  const auto decoder = MemoryAccessDecoder::create(Isa::x86_64);
  ASSERT_TRUE(decoder.ok());
  const RegisterValue registers = [](std::string_view name) -> std::optional<std::uint64_t> {
    if (name == "rbx") return 0xffffea0000000000;
    if (name == "rcx") return 3;
    if (name == "gs_base") return 0x500000;
    return std::nullopt;
  };
  const auto at = [&](const Bytes& code) {
    const auto all = decoder->accesses(code, Gva(0x1000), registers);
    EXPECT_EQ(all.size(), 1U);
    return all.empty() || !all[0].address ? 0 : all[0].address->value;
  };
  EXPECT_EQ(at({0x48, 0x8b, 0x44, 0xcb, 0x10}), 0xffffea0000000028U);       // mov rax, [rbx+rcx*8+16]
  EXPECT_EQ(at({0x48, 0x8b, 0x43, 0xf8}), 0xffffe9fffffffff8U);             // mov rax, [rbx-8]
  EXPECT_EQ(at({0x48, 0x8b, 0x05, 0x10, 0, 0, 0}), 0x1017U);                // mov rax, [rip+16]
  EXPECT_EQ(at({0x65, 0x48, 0x8b, 0x04, 0x25, 0x20, 0, 0, 0}), 0x500020U);  // mov rax, gs:[0x20]
  EXPECT_EQ(at({0x48, 0x8b, 0x02}), 0U);                                    // rdx was not given
}

Bytes word(std::uint32_t instruction) {
  return {static_cast<std::uint8_t>(instruction), static_cast<std::uint8_t>(instruction >> 8),
          static_cast<std::uint8_t>(instruction >> 16), static_cast<std::uint8_t>(instruction >> 24)};
}

TEST(MemoryAccess, TellsReadsWritesAndAtomicsOnArm64) {
  EXPECT_EQ(kind(word(0xf9400020), Isa::arm64), "read");    // ldr x0, [x1]
  EXPECT_EQ(kind(word(0xf9000020), Isa::arm64), "write");   // str x0, [x1]
  EXPECT_EQ(kind(word(0xa9400440), Isa::arm64), "read");    // ldp x0, x1, [x2]
  EXPECT_EQ(kind(word(0xc85f7c20), Isa::arm64), "atomic");  // ldxr x0, [x1]
  EXPECT_EQ(kind(word(0xc8027c20), Isa::arm64), "atomic");  // stxr w2, x0, [x1]
  EXPECT_EQ(kind(word(0xf8a20020), Isa::arm64), "atomic");  // ldadda x2, x0, [x1]
  EXPECT_EQ(kind(word(0xd503201f), Isa::arm64), "none");    // nop
  EXPECT_EQ(kind(word(0x8b020020), Isa::arm64), "none");    // add x0, x1, x2
}

}  // namespace
}  // namespace remapstorm
