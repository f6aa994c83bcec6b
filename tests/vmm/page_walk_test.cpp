// SPDX-License-Identifier: Apache-2.0
#include "vmm/page_walk.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "vmm/arch/arm64/page_walk.h"
#include "vmm/arch/arm64/stage1.h"
#include "vmm/arch/x86_64/page_walk.h"
#include "vmm/arch/x86_64/paging.h"

namespace remapstorm {
namespace {

// Guest-physical words; what is not there is no memory.
class Tables {
 public:
  void set(std::uint64_t table, unsigned index, std::uint64_t entry) { words_[table + 8 * index] = entry; }
  void page(std::uint64_t table) {
    for (unsigned i = 0; i < 512; ++i) words_.try_emplace(table + 8 * i, 0);
  }
  [[nodiscard]] ReadPhysical reader() const {
    return [this](Gpa address) -> std::optional<std::uint64_t> {
      const auto found = words_.find(address.value);
      return found == words_.end() ? std::nullopt : std::optional(found->second);
    };
  }

 private:
  std::map<std::uint64_t, std::uint64_t> words_;
};

constexpr std::uint64_t kTable = x86_64::kPtePresent | x86_64::kPteWritable | x86_64::kPteUser;
// vmemmap: index 468 in the PGD, 0, 2, 5, offset 0x40.
constexpr Gva kAddress(0xffff800000000000 + (std::uint64_t{468 - 256} << 39) + (2 << 21) + (5 << 12) + 0x40);

Tables x86_tables(std::uint64_t leaf) {
  Tables t;
  for (const std::uint64_t table : {0x1000, 0x2000, 0x3000, 0x4000}) t.page(table);
  t.set(0x1000, 468, 0x2000 | kTable);
  t.set(0x2000, 0, 0x3000 | kTable);
  t.set(0x3000, 2, 0x4000 | kTable);
  t.set(0x4000, 5, leaf);
  return t;
}

TEST(WalkX86, FourKibPage) {
  const Tables t = x86_tables(0x7654321000 | x86_64::kPtePresent | x86_64::kPteNoExecute);
  const PageWalk walk = x86_64::walk_tables(Gpa(0x1000), 4, kAddress, t.reader());
  ASSERT_TRUE(walk.present());
  EXPECT_EQ(walk.physical, Gpa(0x7654321040));
  EXPECT_EQ(walk.page_size, 4096u);
  EXPECT_FALSE(walk.writable);
  EXPECT_FALSE(walk.user);
  EXPECT_FALSE(walk.executable);
  ASSERT_EQ(walk.steps.size(), 4u);
  ASSERT_NE(walk.at_level(1), nullptr);
  EXPECT_EQ(walk.at_level(1)->table, Gpa(0x4000));
  EXPECT_EQ(walk.at_level(1)->entry_address, Gpa(0x4000 + 5 * 8));
  EXPECT_EQ(walk.at_level(2)->entry_address, Gpa(0x3000 + 2 * 8));
  EXPECT_EQ(walk.at_level(4)->entry_address, Gpa(0x1000 + 468 * 8));
  EXPECT_EQ(walk.at_level(5), nullptr);
}

TEST(WalkX86, TheBrokenEntryIsAnAnswer) {
  const Tables t = x86_tables(0);
  const PageWalk walk = x86_64::walk_tables(Gpa(0x1000), 4, kAddress, t.reader());
  EXPECT_FALSE(walk.present());
  EXPECT_FALSE(walk.unreadable);
  ASSERT_NE(walk.at_level(1), nullptr);
  EXPECT_FALSE(walk.at_level(1)->present);
  EXPECT_EQ(walk.at_level(1)->entry_address, Gpa(0x4000 + 5 * 8));
}

TEST(WalkX86, LargePages) {
  Tables t = x86_tables(0);
  t.set(0x3000, 2, 0x40000000 | kTable | x86_64::kPteLarge);
  PageWalk walk = x86_64::walk_tables(Gpa(0x1000), 4, kAddress, t.reader());
  EXPECT_EQ(walk.physical, Gpa(0x40000000 + (5 << 12) + 0x40));
  EXPECT_EQ(walk.page_size, 2u << 20);
  EXPECT_EQ(walk.steps.size(), 3u);
  t.set(0x2000, 0, 0x80000000 | kTable | x86_64::kPteLarge);
  walk = x86_64::walk_tables(Gpa(0x1000), 4, kAddress, t.reader());
  EXPECT_EQ(walk.physical, Gpa(0x80000000 + (2 << 21) + (5 << 12) + 0x40));
  EXPECT_EQ(walk.page_size, 1u << 30);
  EXPECT_TRUE(walk.writable && walk.user && walk.executable);
}

TEST(WalkX86, TheLargeBitOfA4KibEntryIsPat) {
  const Tables t = x86_tables(0x5000 | kTable | x86_64::kPteLarge);
  EXPECT_EQ(x86_64::walk_tables(Gpa(0x1000), 4, kAddress, t.reader()).physical, Gpa(0x5040));
}

TEST(WalkX86, FiveLevels) {
  Tables t = x86_tables(0x5000 | kTable);
  t.page(0x9000);
  t.set(0x9000, 511, 0x1000 | kTable);
  const PageWalk walk = x86_64::walk_tables(Gpa(0x9000), 5, kAddress, t.reader());
  EXPECT_EQ(walk.physical, Gpa(0x5040));
  EXPECT_EQ(walk.steps.size(), 5u);
}

TEST(WalkX86, NotCanonicalIsNotPresent) {
  const Tables t = x86_tables(0x5000 | kTable);
  EXPECT_FALSE(x86_64::walk_tables(Gpa(0x1000), 4, Gva(0x0000800000000000), t.reader()).present());
  EXPECT_FALSE(x86_64::walk_tables(Gpa(0x1000), 4, Gva(0xffff7fffffffffff), t.reader()).present());
}

TEST(WalkX86, TablesOutsideMemoryAreNamed) {
  Tables t = x86_tables(0);
  t.set(0x2000, 0, 0xfffffff000 | kTable);
  const PageWalk walk = x86_64::walk_tables(Gpa(0x1000), 4, kAddress, t.reader());
  EXPECT_TRUE(walk.unreadable);
  EXPECT_FALSE(walk.present());
  EXPECT_EQ(walk.steps.size(), 2u);
}

TEST(WalkX86, ATableThatPointsToItselfEnds) {
  Tables t;
  t.page(0x1000);
  for (unsigned i = 0; i < 512; ++i) t.set(0x1000, i, 0x1000 | kTable);
  const PageWalk walk = x86_64::walk_tables(Gpa(0x1000), 5, Gva(0xffffffffffffffff), t.reader());
  EXPECT_EQ(walk.steps.size(), 5u);
  EXPECT_EQ(walk.physical, Gpa(0x1fff));
}

TEST(WalkArm64, PageBlockAndBroken) {
  using namespace arm64;
  Tables t;
  for (const std::uint64_t table : {0x1000, 0x2000, 0x3000, 0x4000}) t.page(table);
  const Gva address(0xffff000000000000 + (1ull << 39) + (3 << 21) + (7 << 12) + 0x18);
  t.set(0x1000, 1, stage1_table(0x2000));
  t.set(0x2000, 0, stage1_table(0x3000));
  t.set(0x3000, 3, stage1_table(0x4000));
  t.set(0x4000, 7, stage1_leaf(0x80001000, 1, 0, kStage1ReadOnly | kStage1KernelNoExecute));
  PageWalk walk = arm64::walk_tables(Gpa(0x1000), Gpa(0x8000), address, t.reader());
  EXPECT_EQ(walk.physical, Gpa(0x80001018));
  EXPECT_FALSE(walk.writable);
  EXPECT_FALSE(walk.executable);
  EXPECT_EQ(walk.steps.size(), 4u);

  t.set(0x3000, 3, stage1_leaf(0x80000000, 2, 0, 0));
  walk = arm64::walk_tables(Gpa(0x1000), Gpa(0x8000), address, t.reader());
  EXPECT_EQ(walk.physical, Gpa(0x80000000 + (7 << 12) + 0x18));
  EXPECT_EQ(walk.page_size, 2u << 20);
  EXPECT_TRUE(walk.writable);

  t.set(0x3000, 3, 0);
  walk = arm64::walk_tables(Gpa(0x1000), Gpa(0x8000), address, t.reader());
  EXPECT_FALSE(walk.present());
  EXPECT_EQ(walk.at_level(2)->entry_address, Gpa(0x3000 + 3 * 8));
}

TEST(WalkArm64, Bit55ChoosesTheRootAndOddAddressesFault) {
  using namespace arm64;
  Tables t;
  for (const std::uint64_t table : {0x1000, 0x2000}) t.page(table);
  t.set(0x2000, 0, stage1_leaf(0, 3, 0, 0));  // a block at the root is not valid
  EXPECT_FALSE(arm64::walk_tables(Gpa(0x1000), Gpa(0x2000), Gva(0x1000), t.reader()).present());
  EXPECT_EQ(arm64::walk_tables(Gpa(0x1000), Gpa(0x2000), Gva(0x1000), t.reader()).steps.at(0).table, Gpa(0x2000));
  EXPECT_EQ(arm64::walk_tables(Gpa(0x1000), Gpa(0x2000), Gva(0xffff000000000000), t.reader()).steps.at(0).table,
            Gpa(0x1000));
  EXPECT_TRUE(arm64::walk_tables(Gpa(0x1000), Gpa(0x2000), Gva(0x00ff000000000000), t.reader()).steps.empty());
  EXPECT_TRUE(arm64::walk_tables(Gpa(0x1000), Gpa(0x2000), Gva(0x007f000000000000), t.reader()).steps.empty());
  EXPECT_EQ(arm64::walk_tables(Gpa(0x1000), Gpa(0x2000), Gva(0xab00000000001000), t.reader()).steps.size(), 1u)
      << "the top byte of user addresses is ignored";
}

TEST(ReadVirtual, CrossesPagesAndStopsAtHoles) {
  auto memory = GuestMemory::create(4 << 20);
  ASSERT_TRUE(memory.ok());
  GuestMemory& ram = **memory;
  // Two neighbouring virtual pages in distant frames, the third missing.
  ASSERT_TRUE(ram.store<std::uint64_t>(Gpa(0x1000), 0x2000 | kTable));
  ASSERT_TRUE(ram.store<std::uint64_t>(Gpa(0x2000), 0x3000 | kTable));
  ASSERT_TRUE(ram.store<std::uint64_t>(Gpa(0x3000), 0x4000 | kTable));
  ASSERT_TRUE(ram.store<std::uint64_t>(Gpa(0x4000), 0x10000 | kTable));
  ASSERT_TRUE(ram.store<std::uint64_t>(Gpa(0x4008), 0x20000 | kTable));
  ASSERT_TRUE(ram.store<std::uint32_t>(Gpa(0x10ffc), 0x44332211));
  ASSERT_TRUE(ram.store<std::uint32_t>(Gpa(0x20000), 0x88776655));
  AddressSpace space;
  space.paging = true;
  space.root = Gpa(0x1000);
  std::uint64_t value = 0;
  const auto out = std::as_writable_bytes(std::span(&value, 1));
  EXPECT_TRUE(read_virtual(Isa::x86_64, space, ram, Gva(0xffc), out));
  EXPECT_EQ(value, 0x8877665544332211u);
  EXPECT_FALSE(read_virtual(Isa::x86_64, space, ram, Gva(0x1ffc), out));
  space.paging = false;
  EXPECT_TRUE(read_virtual(Isa::x86_64, space, ram, Gva(0x10ff8), out));
  EXPECT_FALSE(read_virtual(Isa::x86_64, space, ram, Gva((4 << 20) - 7), out));
}

}  // namespace
}  // namespace remapstorm
