// SPDX-License-Identifier: Apache-2.0
#include "vmm/memory_image.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <vector>

namespace remapstorm {
namespace {

std::unique_ptr<GuestMemory> memory_of(std::uint64_t bytes) {
  auto memory = GuestMemory::create(bytes);
  if (!memory.ok()) std::abort();
  return std::move(*memory);
}

std::uint64_t backed_bytes(const GuestMemory& memory) {
  struct stat status = {};
  if (::fstat(memory.regions().front()->fd.get(), &status) != 0) std::abort();
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

TEST(MemoryImage, KeepsOnlyPagesWithContent) {
  const auto memory = memory_of(4 << 20);
  ASSERT_TRUE(memory->store<std::uint64_t>(Gpa(0x3ff8), 1));
  ASSERT_TRUE(memory->store<std::uint64_t>(Gpa(0x4000), 2));
  ASSERT_TRUE(memory->store<std::uint64_t>(Gpa((4 << 20) - 8), 3));
  ASSERT_TRUE(memory->store<std::uint64_t>(Gpa(0x9000), 0));  // touched and zero
  const std::uint64_t before = backed_bytes(*memory);
  const auto image = MemoryImage::take(*memory);
  ASSERT_TRUE(image.ok());
  const auto& region = image.value().regions().front();
  EXPECT_EQ(region.stored, (std::vector<PageRange>{{3, 2}, {1023, 1}}));
  EXPECT_EQ(region.stored_pages(), 3U);
  EXPECT_EQ(backed_bytes(*memory), before) << "looking at memory must not make it grow";
}

TEST(MemoryImage, WritesItselfOverWhateverWasThere) {
  const auto memory = memory_of(2 << 20);
  ASSERT_TRUE(memory->add_region("box", Gpa(0xd0000000), 0x2000).ok());
  ASSERT_TRUE(memory->store<std::uint32_t>(Gpa(0x5000), 0x1234));
  ASSERT_TRUE(memory->store<std::uint32_t>(Gpa(0xd0001000), 0x5678));
  const auto image = MemoryImage::take(*memory);
  ASSERT_TRUE(image.ok());

  const auto other = memory_of(2 << 20);
  ASSERT_TRUE(other->add_region("box", Gpa(0xd0000000), 0x2000).ok());
  ASSERT_TRUE(other->store<std::uint32_t>(Gpa(0x7000), 0xffff));
  ASSERT_TRUE(image.value().write_to(*other).ok());
  EXPECT_EQ(other->load<std::uint32_t>(Gpa(0x5000)), 0x1234U);
  EXPECT_EQ(other->load<std::uint32_t>(Gpa(0xd0001000)), 0x5678U);
  EXPECT_EQ(other->load<std::uint32_t>(Gpa(0x7000)), 0U);
}

TEST(MemoryImage, RefusesAnotherShape) {
  const auto memory = memory_of(2 << 20);
  const auto image = MemoryImage::take(*memory);
  ASSERT_TRUE(image.ok());
  const auto larger = memory_of(4 << 20);
  const Status status = image.value().write_to(*larger);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::usage);
  EXPECT_NE(status.error().message.find("ram"), std::string::npos);
  const auto more = memory_of(2 << 20);
  ASSERT_TRUE(more->add_region("box", Gpa(0xd0000000), 0x2000).ok());
  EXPECT_FALSE(image.value().write_to(*more).ok());
}

TEST(MemoryImage, ZeroPagesAreZeroToTheLastByte) {
  std::vector<std::byte> page(kGuestPageSize);
  EXPECT_TRUE(is_zero_page(page.data()));
  for (const std::size_t at : {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{4095}}) {
    page[at] = std::byte{1};
    EXPECT_FALSE(is_zero_page(page.data())) << at;
    page[at] = std::byte{0};
  }
}

}  // namespace
}  // namespace remapstorm
