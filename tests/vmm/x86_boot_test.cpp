// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "vmm/arch/x86_64/boot_layout.h"
#include "vmm/arch/x86_64/interpreting_host.h"
#include "vmm/arch/x86_64/mp_table.h"
#include "vmm/arch/x86_64/page_walk.h"
#include "vmm/arch/x86_64/paging.h"
#include "vmm/page_walk.h"

namespace remapstorm::x86_64 {
namespace {

template <typename T>
T get(const std::vector<std::uint8_t>& bytes, std::size_t offset) {
  T value;
  EXPECT_LE(offset + sizeof(T), bytes.size());
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

TEST(BootParams, FieldsLieWhereTheProtocolSays) {
  BootParams params;
  params.ram_bytes = 256 << 20;
  params.initramfs = 0xf000000;
  params.initramfs_bytes = 12345;
  const auto page = make_boot_params(params);
  ASSERT_EQ(page.size(), 4096u);
  EXPECT_EQ(get<std::uint16_t>(page, 0x1fe), 0xaa55);
  EXPECT_EQ(std::memcmp(page.data() + 0x202, "HdrS", 4), 0);
  EXPECT_GE(get<std::uint16_t>(page, 0x206), 0x020c);
  EXPECT_EQ(page[0x210], 0xff);
  EXPECT_EQ(page[0x211] & 1, 1);
  EXPECT_EQ(get<std::uint32_t>(page, 0x218), 0xf000000u);
  EXPECT_EQ(get<std::uint32_t>(page, 0x21c), 12345u);
  EXPECT_EQ(get<std::uint32_t>(page, 0x228), kCommandLineAddress);
}

TEST(BootParams, MemoryMapKeepsTheMpTableAndTheHole) {
  BootParams params;
  params.ram_bytes = 256 << 20;
  const auto page = make_boot_params(params);
  ASSERT_EQ(page[0x1e8], 3);
  const std::uint64_t expected[3][3] = {{0, 0x9fc00, 1}, {0x9fc00, 0x60400, 2}, {0x100000, (256 << 20) - 0x100000, 1}};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(get<std::uint64_t>(page, 0x2d0 + 20 * i), expected[i][0]);
    EXPECT_EQ(get<std::uint64_t>(page, 0x2d0 + 20 * i + 8), expected[i][1]);
    EXPECT_EQ(get<std::uint32_t>(page, 0x2d0 + 20 * i + 16), expected[i][2]);
  }
}

TEST(BootLayout, StructuresDoNotOverlap) {
  const Placement all[] = {{"gdt", kGdtAddress, make_boot_gdt().size() * 8},
                           {"boot params", kBootParamsAddress, 4096},
                           {"page tables", kPageTablesAddress, kPageTablesBytes},
                           {"command line", kCommandLineAddress, kCommandLineMax},
                           {"mp table", kMpTableAddress, make_mp_table(8, kMpTableAddress).size()}};
  for (const Placement& a : all) {
    EXPECT_LE(a.start + a.size, kHighMemoryStart);
    for (const Placement& b : all) {
      if (&a != &b) {
        EXPECT_TRUE(a.start + a.size <= b.start || b.start + b.size <= a.start) << a.what << b.what;
      }
    }
  }
  EXPECT_EQ(make_identity_tables(kPageTablesAddress).size() * 8, kPageTablesBytes);
  EXPECT_LE(make_mp_table(8, kMpTableAddress).size(), 1024u) << "Linux looks in the last KiB below 640 KiB";
}

TEST(KernelPlacement, RejectsTooLargeTooLowAndWrapping) {
  constexpr std::uint64_t kRam = 64 << 20;
  const auto check = [&](std::uint64_t start, std::uint64_t size) {
    const Placement segment = {"segment 0", start, size};
    return check_kernel_placement("/k/vmlinux", std::span(&segment, 1), kRam);
  };
  EXPECT_TRUE(check(0x1000000, kRam - 0x1000000).ok());
  EXPECT_TRUE(check(0x100000, 1).ok());
  const Status large = check(0x1000000, kRam - 0x1000000 + 1);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().kind, ErrorKind::usage);
  EXPECT_NE(large.error().message.find("/k/vmlinux is larger than guest memory"), std::string::npos);
  const Status low = check(0xfffff, 1);
  ASSERT_FALSE(low.ok());
  EXPECT_NE(low.error().message.find("boot structures"), std::string::npos);
  EXPECT_FALSE(check(~0ull - 10, 100).ok());
}

TEST(InitramfsPlacement, HighAlignedAndChecked) {
  constexpr std::uint64_t kRam = 64 << 20;
  const auto place = place_initramfs("/i", 5000, 0x2000000, kRam);
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(*place, kRam - 8192);
  EXPECT_TRUE(place_initramfs("/i", kRam - 0x2000000 - (1 << 20), 0x2000000, kRam).ok());
  const auto big = place_initramfs("/i", kRam - 0x2000000 - (1 << 20) + 1, 0x2000000, kRam);
  ASSERT_FALSE(big.ok());
  EXPECT_EQ(big.error().kind, ErrorKind::usage);
  EXPECT_NE(big.error().message.find("/i"), std::string::npos);
  EXPECT_FALSE(place_initramfs("/i", ~0ull, 0x2000000, kRam).ok());
  EXPECT_FALSE(place_initramfs("/i", 1, ~0ull, kRam).ok());
  EXPECT_FALSE(place_initramfs("/i", 1, kRam, kRam).ok());
}

TEST(IdentityTables, TranslateToThemselves) {
  const auto words = make_identity_tables(kPageTablesAddress);
  const auto read = [&](Gpa address) -> std::optional<std::uint64_t> {
    const std::uint64_t index = (address.value - kPageTablesAddress) / 8;
    return index < words.size() ? std::optional(words[index]) : std::nullopt;
  };
  for (const std::uint64_t address : {0ull, 0x1000000ull, 0xd0000123ull, 0xffffffffull}) {
    const PageWalk walk = x86_64::walk_tables(Gpa(kPageTablesAddress), 4, Gva(address), read);
    EXPECT_EQ(walk.physical, Gpa(address));
    EXPECT_TRUE(walk.writable && walk.executable);
    EXPECT_FALSE(walk.user);
  }
  EXPECT_FALSE(x86_64::walk_tables(Gpa(kPageTablesAddress), 4, Gva(1ull << 32), read).present());
}

TEST(BootGdt, DescriptorsHaveTheirWellKnownValues) {
  const auto gdt = make_boot_gdt();
  EXPECT_EQ(gdt[0], 0u);
  EXPECT_EQ(gdt[kCodeSelector / 8], 0x00af9b000000ffffu);
  EXPECT_EQ(gdt[kDataSelector / 8], 0x00cf93000000ffffu);
  EXPECT_EQ(gdt[kTaskSelector / 8], 0x00008b0000000067u);
  EXPECT_EQ(gdt[kUserCodeSelector / 8], 0x00affb000000ffffu);
  EXPECT_EQ(gdt[kUserDataSelector / 8], 0x00cff3000000ffffu);
}

unsigned sum(const std::vector<std::uint8_t>& bytes, std::size_t from, std::size_t count) {
  return std::accumulate(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                         bytes.begin() + static_cast<std::ptrdiff_t>(from + count), 0u) &
         0xff;
}

TEST(MpTable, ChecksumsAndPointer) {
  for (unsigned cpus = 1; cpus <= 8; ++cpus) {
    const auto table = make_mp_table(cpus, kMpTableAddress);
    EXPECT_EQ(std::memcmp(table.data(), "_MP_", 4), 0);
    EXPECT_EQ(get<std::uint32_t>(table, 4), kMpTableAddress + 16);
    EXPECT_EQ(sum(table, 0, 16), 0u);
    EXPECT_EQ(std::memcmp(table.data() + 16, "PCMP", 4), 0);
    const std::size_t length = get<std::uint16_t>(table, 20);
    EXPECT_EQ(length + 16, table.size());
    EXPECT_EQ(sum(table, 16, length), 0u);
  }
}

TEST(MpTable, EntriesCountAndNameEveryProcessorAndPin) {
  const auto table = make_mp_table(3, kMpTableAddress);
  EXPECT_EQ(get<std::uint16_t>(table, 16 + 34), 3 + 1 + 1 + 16 + 2);
  EXPECT_EQ(get<std::uint32_t>(table, 16 + 36), 0xfee00000u);
  std::size_t at = 16 + 44;
  for (unsigned cpu = 0; cpu < 3; ++cpu, at += 20) {
    EXPECT_EQ(table[at], 0);
    EXPECT_EQ(table[at + 1], cpu);
    EXPECT_EQ(table[at + 3], cpu == 0 ? 3 : 1);
  }
  EXPECT_EQ(table[at], 1);
  EXPECT_EQ(std::memcmp(&table[at + 2], "ISA   ", 6), 0);
  at += 8;
  EXPECT_EQ(table[at], 2);
  EXPECT_EQ(table[at + 1], 3) << "an id no processor has";
  EXPECT_EQ(get<std::uint32_t>(table, at + 4), 0xfec00000u);
  at += 8;
  for (unsigned irq = 0; irq < 16; ++irq, at += 8) {
    EXPECT_EQ(table[at], 3);
    EXPECT_EQ(table[at + 1], 0);
    EXPECT_EQ(table[at + 5], irq);
    EXPECT_EQ(table[at + 6], 3);
    EXPECT_EQ(table[at + 7], irq);
  }
  EXPECT_EQ(table[at], 4);
  EXPECT_EQ(table[at + 1], 3) << "LINT0 ExtINT";
  EXPECT_EQ(table[at + 7], 0);
  EXPECT_EQ(table[at + 8], 4);
  EXPECT_EQ(table[at + 9], 1) << "LINT1 NMI";
  EXPECT_EQ(table[at + 15], 1);
  EXPECT_EQ(at + 16, table.size());
}

TEST(InterpretingHost, ParametersAreOneClearcpuidAndNoxsave) {
  const std::string text = interpreting_host_parameters();
  EXPECT_TRUE(text.starts_with("noxsave clearcpuid=popcnt,")) << text;
  EXPECT_EQ(text.find(' ', text.find("clearcpuid")), std::string::npos);
  for (const std::string_view name : interpreting_host_cleared_features()) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace remapstorm::x86_64
