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

TEST(LengthHistogram, ItsFiguresAreThoseOfEveryReport) {
  LengthHistogram lengths;
  LengthSeries series;
  EXPECT_EQ(lengths.summary().count, 0U);
  for (int i = 1; i <= 1000; ++i) {
    lengths.add(Nanoseconds(i * 1003));
    series.add(Nanoseconds(i * 1003));
  }
  EXPECT_EQ(lengths.count(), 1000U);
  EXPECT_EQ(lengths.shortest(), Nanoseconds(1003));
  EXPECT_EQ(lengths.longest(), Nanoseconds(1'003'000));
  EXPECT_EQ(lengths.summary().p50, series.summary().p50) << "exact, not the floor of a class";
  EXPECT_EQ(lengths.summary().p50, Nanoseconds(500 * 1003));
  EXPECT_EQ(lengths.summary().p99, Nanoseconds(990 * 1003));
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
