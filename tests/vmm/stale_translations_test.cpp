// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/stale_translations.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace remapstorm::x86_64 {
namespace {

constexpr std::uint64_t kEnd = 128 << 20;
constexpr std::uint64_t kUserEntry = 0x5067;  // page 5: present, writable, user, accessed, dirty
constexpr std::uint64_t kKernelEntry = 0x5063;

using Page = std::array<std::uint64_t, 512>;

bool copy(Page& to, const Page& from, ShadowPaging shadows) {
  const bool stale = copy_page_and_look(reinterpret_cast<std::byte*>(to.data()),
                                        reinterpret_cast<const std::byte*>(from.data()), shadows, kEnd);
  EXPECT_EQ(to, from);
  return stale;
}
bool was(std::uint64_t old, std::uint64_t now, ShadowPaging shadows = ShadowPaging::user, std::size_t at = 511) {
  Page to = {};
  Page from = {};
  to[at] = old;
  from[at] = now;
  to[3] = 0x1234;  // other words change as well
  return copy(to, from, shadows);
}

TEST(StaleTranslations, AnAccessedUserEntryThatChangesCounts) {
  EXPECT_TRUE(was(kUserEntry, 0));
  EXPECT_TRUE(was(kUserEntry, 0x6067));
  EXPECT_TRUE(was(kUserEntry, kUserEntry & ~0x40ULL)) << "a lost dirty bit: the guest would not be told of a write";
  EXPECT_TRUE(was(kUserEntry, 0, ShadowPaging::user, 0));
  EXPECT_TRUE(was(kUserEntry | 1ULL << 63, 0)) << "no-execute";
}

TEST(StaleTranslations, WhatKvmCannotHaveShadowedDoesNot) {
  EXPECT_FALSE(was(0, kUserEntry)) << "an absent entry has no shadow";
  EXPECT_FALSE(was(kUserEntry & ~0x20ULL, 0)) << "not accessed";
  EXPECT_FALSE(was(kUserEntry & ~1ULL, 0)) << "not present";
  EXPECT_FALSE(was(kUserEntry, kUserEntry)) << "unchanged";
  EXPECT_FALSE(was(kEnd | 0x67, 0)) << "no memory there";
  EXPECT_FALSE(was(0xffffffff81000067, 0)) << "a kernel address, not an entry";
}

TEST(StaleTranslations, KernelEntriesCountWhereKvmShadowsThem) {
  EXPECT_FALSE(was(kKernelEntry, 0, ShadowPaging::user));
  EXPECT_TRUE(was(kKernelEntry, 0, ShadowPaging::all));
}

TEST(StaleTranslations, NothingCountsWithoutShadows) { EXPECT_FALSE(was(kUserEntry, 0, ShadowPaging::none)); }

}  // namespace
}  // namespace remapstorm::x86_64
