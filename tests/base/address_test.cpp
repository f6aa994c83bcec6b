// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

namespace remapstorm {
namespace {

constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();

static_assert(!std::is_convertible_v<std::uint64_t, Gpa>, "a bare number is not an address");
static_assert(!std::is_convertible_v<Gpa, Gva>, "physical is not virtual");
static_assert(!std::is_convertible_v<Gva, Gpa>, "virtual is not physical");

TEST(Address, AddsAndSubtracts) {
  constexpr Gva base(0xffffffff81000000);
  EXPECT_EQ(base + 0x1c, Gva(0xffffffff8100001c));
  EXPECT_EQ((base + 0x1c) - 0x1c, base);
  EXPECT_EQ((base + 0x1c) - base, 0x1cU);
}

TEST(Address, WrapsLikeTheHardware) {
  EXPECT_EQ(Gva(kTop) + 1, Gva(0));
  EXPECT_EQ(Gva(0) - 1, Gva(kTop));
}

TEST(Address, Orders) {
  EXPECT_LT(Gpa(1), Gpa(2));
  EXPECT_GE(Gpa(2), Gpa(2));
  EXPECT_NE(Gpa(1), Gpa());
}

TEST(EndOf, AtTheExactEndOfTheAddressSpace) {
  EXPECT_EQ(end_of(0x1000, 0x1000), 0x2000U);
  EXPECT_EQ(end_of(kTop, 0), kTop);
  EXPECT_EQ(end_of(kTop - 1, 1), kTop);
  EXPECT_EQ(end_of(kTop, 1), std::nullopt) << "one past the last byte would be 2^64";
  EXPECT_EQ(end_of(kTop, kTop), std::nullopt);
  EXPECT_EQ(end_of(0, kTop), kTop);
}

}  // namespace
}  // namespace remapstorm
