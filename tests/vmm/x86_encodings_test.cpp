// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "vmm/arch/x86_64/cpuid.h"
#include "vmm/arch/x86_64/debug_registers.h"
#include "vmm/arch/x86_64/idt.h"
#include "vmm/arch/x86_64/instruction.h"
#include "vmm/arch/x86_64/ioapic.h"
#include "vmm/arch/x86_64/msi.h"
#include "vmm/arch/x86_64/paging.h"

namespace remapstorm::x86_64 {
namespace {

TEST(DebugRegisters, ExecutionBreakpoints) {
  EXPECT_EQ(dr7_execution(0), 0x400u);
  EXPECT_EQ(dr7_execution(1), 0x402u);
  EXPECT_EQ(dr7_execution(4), 0x4aau);
  EXPECT_EQ(dr7_execution(9), 0x4aau);
}

TEST(Idt, TheEntryOfAHandlerIsInThreePartsOfItsGate) {
  constexpr std::uint64_t kBase = 0xfffffe0000000000;
  // Vector 2 is present, 3 is not; the rest of the page is not mapped.
  const std::array<std::uint64_t, 4> gates = {0xd1e08e0100103450, 0x00000000ffffffff, 0xd1e00e0100103450, 0xffffffff};
  const ReadVirtual read = [&](Gva at, std::span<std::byte> into) {
    if (at < Gva(kBase + 32) || at.value + into.size() > kBase + 64) return false;
    std::memcpy(into.data(), reinterpret_cast<const std::byte*>(gates.data()) + (at.value - kBase - 32), into.size());
    return true;
  };
  const Table idt{kBase, 0xfff};
  EXPECT_EQ(handler_of(idt, 2, read), Gva(0xffffffffd1e03450));
  EXPECT_EQ(handler_of(idt, 3, read), std::nullopt);
  EXPECT_EQ(handler_of(idt, 4, read), std::nullopt);
  EXPECT_EQ(handler_of({kBase, 0x2f}, 2, read), Gva(0xffffffffd1e03450));
  EXPECT_EQ(handler_of({kBase, 0x2e}, 2, read), std::nullopt);
}

TEST(Msi, AddressAndData) {
  EXPECT_EQ(msi_message(0, 0x40).address, 0xfee00000u);
  EXPECT_EQ(msi_message(3, 0x40).address, 0xfee03000u);
  EXPECT_EQ(msi_message(3, 0xf1).data, 0xf1u);
}

TEST(IoApic, RoundTripsAndKnownValues) {
  Redirection r;
  EXPECT_EQ(encode(r), 0x10000u);
  r.masked = false;
  r.vector = 0x30;
  r.destination = 2;
  r.level = true;
  r.active_low = true;
  r.logical = true;
  r.delivery = Delivery::lowest_priority;
  EXPECT_EQ(encode(r), 0x020000000000a930u);
  EXPECT_EQ(decode_redirection(encode(r)), r);
}

TEST(Paging, IndicesAndLeafSizes) {
  EXPECT_EQ(table_index(0xffffea0000000000, 4), 468u);
  EXPECT_EQ(table_index(0xffffffffffffffff, 1), 511u);
  EXPECT_EQ(leaf_size(1), 4096u);
  EXPECT_EQ(leaf_size(2), 2u << 20);
  EXPECT_EQ(leaf_size(3), 1u << 30);
}

bool repeated(std::initializer_list<std::uint8_t> bytes) {
  return is_repeated_string(std::vector<std::uint8_t>(bytes));
}

TEST(RepeatedString, KnowsTheStringInstructions) {
  EXPECT_TRUE(repeated({0xf3, 0xaa}));               // rep stosb
  EXPECT_TRUE(repeated({0xf3, 0x48, 0xab}));         // rep stosq
  EXPECT_TRUE(repeated({0xf3, 0xa4}));               // rep movsb
  EXPECT_TRUE(repeated({0xf2, 0xae}));               // repne scasb
  EXPECT_TRUE(repeated({0x66, 0xf3, 0x6f}));         // rep outsw
  EXPECT_FALSE(repeated({0xaa}));                    // stosb
  EXPECT_FALSE(repeated({0xf3, 0x90}));              // pause
  EXPECT_FALSE(repeated({0xf3, 0x0f, 0x1e, 0xfa}));  // endbr64
  EXPECT_FALSE(repeated({0xeb, 0xfe}));
  EXPECT_FALSE(repeated({0xf3}));
  EXPECT_FALSE(repeated({0xf3, 0x48}));
  EXPECT_FALSE(repeated({}));
}

TEST(InterruptFrame, IsFoundWithAndWithoutErrorCode) {
  const BreakpointResume::Where at = {Gva(0x1000), Gva(0x8000)};
  std::array<std::uint64_t, kFrameWords> words = {0x1000, 0x10, 0x202, 0x8000, 0x18, 0, 0, 0};
  EXPECT_EQ(find_frame_returning_to(words, at), 0u);
  words = {0, 0x1000, 0x10, 0x202, 0x8000, 0x18, 0, 0};
  EXPECT_EQ(find_frame_returning_to(words, at), 1u);
  words = {7, 0, 0, 0x1000, 0x10, 0x202, 0x8000, 0x18};
  EXPECT_EQ(find_frame_returning_to(words, at), 3u);
  words = {0x1003, 0x10, 0x202, 0x8000, 0x18, 0, 0, 0};
  EXPECT_EQ(find_frame_returning_to(words, at), std::nullopt) << "the instruction ran first";
  words = {0x1000, 0x10, 0x202, 0x7ff0, 0x18, 0, 0, 0};
  EXPECT_EQ(find_frame_returning_to(words, at), std::nullopt) << "another stack pointer";
}

std::vector<CpuidEntry> supported() {
  return {{0, 0, false, 0x10, 0, 0, 0},
          {1, 0, false, 0x12345, 0x00100800, 0x04c00000, 0x1},
          {4, 0, true, 0x121, 0, 0, 0},
          {4, 1, true, 0, 0, 0, 0},
          {7, 0, true, 0, 0xffffffff, 0xffffffff, 0xffffffff},
          {7, 1, true, 0, 0xffffffff, 0, 0},
          {0xb, 0, true, 9, 9, 9, 9},
          {0x80000001, 0, false, 0, 0, 0, 0xffffffff}};
}

const CpuidEntry& leaf(const std::vector<CpuidEntry>& entries, std::uint32_t function, std::uint32_t index = 0) {
  for (const CpuidEntry& entry : entries) {
    if (entry.function == function && entry.index == index) return entry;
  }
  static const CpuidEntry kNone;
  ADD_FAILURE() << "no leaf " << function << "." << index;
  return kNone;
}

TEST(Cpuid, EachVcpuKnowsItself) {
  const auto entries = make_cpuid(supported(), {.vcpu = 2, .count = 3, .tsc_deadline = true, .hidden = {}});
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(leaf(*entries, 1).ebx, 0x02030800u);
  EXPECT_EQ(leaf(*entries, 1).ecx >> 31, 1u) << "hypervisor";
  EXPECT_EQ(leaf(*entries, 1).ecx >> 24 & 1, 1u) << "TSC deadline";
  EXPECT_EQ(leaf(*entries, 4).eax, 0x121u | 2u << 26);
  EXPECT_EQ(leaf(*entries, 4, 1).eax, 0u);
  EXPECT_EQ(leaf(*entries, 0xb, 0).edx, 2u);
  EXPECT_EQ(leaf(*entries, 0xb, 0).ebx, 1u);
  EXPECT_EQ(leaf(*entries, 0xb, 1).eax, 2u) << "three ids need two bits";
  EXPECT_EQ(leaf(*entries, 0xb, 1).ebx, 3u);
  EXPECT_EQ(leaf(*entries, 0xb, 2).ecx, 2u) << "no further level";
}

TEST(Cpuid, OneVcpuHasNoSiblings) {
  const auto entries = make_cpuid(supported(), {.vcpu = 0, .count = 1, .tsc_deadline = false, .hidden = {}});
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(leaf(*entries, 1).edx >> 28 & 1, 0u);
  EXPECT_EQ(leaf(*entries, 1).ecx >> 24 & 1, 0u);
  EXPECT_EQ(leaf(*entries, 0xb, 1).eax, 0u);
}

TEST(Cpuid, HidesByNameAndOnlyThat) {
  const auto entries =
      make_cpuid(supported(), {.vcpu = 0, .count = 1, .tsc_deadline = false, .hidden = {"erms", "popcnt", "rdtscp"}});
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(leaf(*entries, 7).ebx, ~(1u << 9));
  EXPECT_EQ(leaf(*entries, 7, 1).ebx, 0xffffffffu);
  EXPECT_EQ(leaf(*entries, 1).ecx >> 23 & 1, 0u);
  EXPECT_EQ(leaf(*entries, 0x80000001).edx, ~(1u << 27));
}

TEST(Cpuid, AnUnknownFeatureIsAUsageError) {
  const auto entries = make_cpuid(supported(), {.vcpu = 0, .count = 1, .tsc_deadline = false, .hidden = {"warp"}});
  ASSERT_FALSE(entries.ok());
  EXPECT_EQ(entries.error().kind, ErrorKind::usage);
  EXPECT_NE(entries.error().message.find("warp"), std::string::npos);
}

TEST(Cpuid, FeatureNamesAreUnique) {
  for (const CpuidFeature& a : cpuid_features()) {
    EXPECT_LT(a.bit, 32u);
    for (const CpuidFeature& b : cpuid_features()) {
      if (&a == &b) continue;
      EXPECT_NE(a.name, b.name);
      EXPECT_FALSE(a.function == b.function && a.index == b.index && a.reg == b.reg && a.bit == b.bit)
          << a.name << " and " << b.name;
    }
  }
}

}  // namespace
}  // namespace remapstorm::x86_64
