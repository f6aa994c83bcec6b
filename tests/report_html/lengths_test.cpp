// SPDX-License-Identifier: Apache-2.0
#include "report/html/lengths.h"

#include <gtest/gtest.h>

#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

TEST(LengthClasses, HoldEveryLengthBetweenTheirFloors) {
  for (std::int64_t length = 2; length < (1LL << 43); length = length * 5 / 4 + 1) {
    const std::size_t index = length_class(Nanoseconds(length));
    ASSERT_LT(index, kLengthClasses);
    EXPECT_LE(class_floor(index), Nanoseconds(length)) << length;
    // Floors of the first classes are fractions of a nanosecond apart.
    if (index + 1 < kLengthClasses && length > 64) {
      EXPECT_GT(class_floor(index + 1), Nanoseconds(length)) << length;
    }
  }
  EXPECT_EQ(length_class(Nanoseconds(0)), 0U);
  EXPECT_EQ(length_class(Nanoseconds(-5)), 0U);
  EXPECT_EQ(length_class(Nanoseconds::max()), kLengthClasses - 1);
}

TEST(LengthHistogram, PercentilesAreWithinTheirClass) {
  LengthHistogram lengths;
  EXPECT_EQ(lengths.percentile(50), Nanoseconds(0));
  for (int i = 1; i <= 1000; ++i) lengths.add(Nanoseconds(i * 1000));
  EXPECT_EQ(lengths.count(), 1000U);
  EXPECT_EQ(lengths.shortest(), Nanoseconds(1000));
  EXPECT_EQ(lengths.longest(), Nanoseconds(1'000'000));
  EXPECT_NEAR(static_cast<double>(lengths.percentile(50).count()), 500'000, 50'000);
  EXPECT_NEAR(static_cast<double>(lengths.percentile(99).count()), 990'000, 90'000);
  EXPECT_EQ(length_class(lengths.percentile(100)), length_class(lengths.longest()));
}

TEST(LengthHistogram, OneLengthIsAllItsPercentiles) {
  LengthHistogram lengths;
  lengths.add(ms(3));
  for (const unsigned percent : {1U, 50U, 99U, 100U}) EXPECT_EQ(lengths.percentile(percent), ms(3));
}

std::uint64_t sum(const LengthHeatMap& map) {
  std::uint64_t all = 0;
  for (std::size_t column = 0; column < map.used_columns(); ++column) {
    for (std::size_t k = 0; k < kLengthClasses; ++k) all += map.at(column, k);
  }
  return all;
}

TEST(LengthHeatMap, KeepsEveryCountWhileItsColumnsGrowWider) {
  LengthHeatMap map;
  for (int i = 0; i < 10'000; ++i) map.add(ms(500 + i * 7.0), ms(1 + i % 3));
  EXPECT_LE(map.used_columns(), LengthHeatMap::kColumns);
  EXPECT_EQ(sum(map), 10'000U);
  EXPECT_GE(map.column_width() * static_cast<std::int64_t>(LengthHeatMap::kColumns), ms(69'000));
  EXPECT_EQ(map.origin(), ms(500));
  map.add(ms(0), ms(1));  // told late: it began before the first
  EXPECT_EQ(sum(map), 10'001U);
}

}  // namespace
}  // namespace remapstorm
