// SPDX-License-Identifier: Apache-2.0
#include "vmm/memory.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace remapstorm {
namespace {

constexpr std::uint64_t kRamBytes = 4 << 20;

std::unique_ptr<GuestMemory> make() {
  auto memory = GuestMemory::create(kRamBytes);
  EXPECT_TRUE(memory.ok());
  return std::move(*memory);
}

TEST(GuestMemory, WhatTheGuestWritesIsSeenThroughOurOwnMapping) {
  auto memory = GuestMemory::create(kMinRamBytes);
  ASSERT_TRUE(memory.ok());
  std::byte* guest = (*memory)->guest_range(Gpa(0x1000), 8);
  std::byte* host = (*memory)->host_range(Gpa(0x1000), 8);
  ASSERT_NE(guest, nullptr);
  EXPECT_NE(guest, host) << "a delay on the guest's mapping must not reach ours";
  *guest = std::byte{0x5a};
  EXPECT_EQ(*host, std::byte{0x5a});
  EXPECT_EQ((*memory)->guest_range(Gpa(kMinRamBytes - 4), 8), nullptr);
}

TEST(GuestMemory, LastByteIsInsideTheNextIsNot) {
  auto memory = make();
  EXPECT_TRUE(memory->store<std::uint8_t>(Gpa(kRamBytes - 1), 0x42));
  EXPECT_EQ(memory->load<std::uint8_t>(Gpa(kRamBytes - 1)), 0x42);
  EXPECT_EQ(memory->load<std::uint8_t>(Gpa(kRamBytes)), std::nullopt);
  EXPECT_EQ(memory->load<std::uint64_t>(Gpa(kRamBytes - 8)), 0x4200000000000000u);
  EXPECT_EQ(memory->load<std::uint64_t>(Gpa(kRamBytes - 7)), std::nullopt);
  EXPECT_FALSE(memory->store<std::uint16_t>(Gpa(kRamBytes - 1), 1));
}

TEST(GuestMemory, AddressesThatWrapAreOutside) {
  auto memory = make();
  std::array<std::byte, 16> buffer = {};
  EXPECT_FALSE(memory->read(Gpa(~0ull - 7), buffer));
  EXPECT_FALSE(memory->write(Gpa(~0ull), buffer));
  EXPECT_EQ(memory->host_range(Gpa(8), ~0ull), nullptr);
  EXPECT_FALSE(memory->fill(Gpa(kRamBytes - 4), 5, std::byte{0}));
}

TEST(GuestMemory, AnEmptyRangeAtTheEndIsInside) {
  auto memory = make();
  EXPECT_TRUE(memory->read(Gpa(kRamBytes), {}));
  EXPECT_FALSE(memory->read(Gpa(kRamBytes + 1), {}));
}

TEST(GuestMemory, AFailedAccessCopiesNothing) {
  auto memory = make();
  ASSERT_TRUE(memory->store<std::uint32_t>(Gpa(kRamBytes - 4), 0x11223344));
  const std::array<std::byte, 8> ones = {std::byte{1}, std::byte{1}, std::byte{1}, std::byte{1}};
  EXPECT_FALSE(memory->write(Gpa(kRamBytes - 4), ones));
  EXPECT_EQ(memory->load<std::uint32_t>(Gpa(kRamBytes - 4)), 0x11223344u);
}

TEST(GuestMemory, UnalignedLoadsWork) {
  auto memory = make();
  ASSERT_TRUE(memory->store<std::uint64_t>(Gpa(0x1003), 0x1122334455667788));
  EXPECT_EQ(memory->load<std::uint64_t>(Gpa(0x1003)), 0x1122334455667788u);
  EXPECT_EQ(memory->load<std::uint8_t>(Gpa(0x1003)), 0x88);
}

TEST(GuestMemory, RegionsAreSeparate) {
  auto memory = make();
  ASSERT_TRUE(memory->add_region("mailbox", Gpa(0xd0000000), 8192).ok());
  EXPECT_TRUE(memory->store<std::uint32_t>(Gpa(0xd0001ffc), 7));
  EXPECT_EQ(memory->load<std::uint32_t>(Gpa(0xd0002000)), std::nullopt);
  EXPECT_EQ(memory->load<std::uint32_t>(Gpa(0xcffffffe)), std::nullopt);
  ASSERT_NE(memory->named("mailbox"), nullptr);
  EXPECT_EQ(memory->find(Gpa(0xd0000000)), memory->named("mailbox"));
  EXPECT_EQ(memory->find(Gpa(kRamBytes)), nullptr);
  EXPECT_EQ(memory->named("nothing"), nullptr);
}

TEST(GuestMemory, RegionsMayNotOverlapOrBeOdd) {
  auto memory = make();
  EXPECT_FALSE(memory->add_region("in ram", Gpa(kRamBytes - 4096), 8192).ok());
  EXPECT_FALSE(memory->add_region("odd", Gpa(0xd0000800), 4096).ok());
  EXPECT_FALSE(memory->add_region("empty", Gpa(0xd0000000), 0).ok());
  EXPECT_FALSE(memory->add_region("wrapping", Gpa(~0ull - 4095), 8192).ok());
  EXPECT_TRUE(memory->add_region("behind ram", Gpa(kRamBytes), 4096).ok());
}

TEST(GuestMemory, SizesThatCannotBe) {
  for (const std::uint64_t bytes : std::vector<std::uint64_t>{0, 4096, kRamBytes + 1, kMaxRamBytes + 4096, ~0ull}) {
    const auto memory = GuestMemory::create(bytes);
    ASSERT_FALSE(memory.ok()) << bytes;
    EXPECT_EQ(memory.error().kind, ErrorKind::usage);
  }
}

}  // namespace
}  // namespace remapstorm
