// SPDX-License-Identifier: Apache-2.0
#include "base/proportion.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

// Worked out apart from the code, by the formula.
TEST(Proportion, IsWilsonsInterval) {
  const Interval some = proportion_95(3, 300);
  EXPECT_NEAR(some.low, 0.003406, 1e-6);
  EXPECT_NEAR(some.high, 0.028983, 1e-6);
  const Interval half = proportion_95(50, 100);
  EXPECT_NEAR(half.low, 0.403832, 1e-6);
  EXPECT_NEAR(half.high, 0.596168, 1e-6);
}

TEST(Proportion, StaysWithinZeroAndOne) {
  EXPECT_EQ(proportion_95(0, 10).low, 0);
  EXPECT_NEAR(proportion_95(0, 10).high, 0.277533, 1e-6);
  EXPECT_DOUBLE_EQ(proportion_95(10, 10).high, 1);
  EXPECT_NEAR(proportion_95(10, 10).low, 0.722467, 1e-6);
  EXPECT_EQ(proportion_95(0, 0).low, 0);
  EXPECT_EQ(proportion_95(0, 0).high, 1);
}

}  // namespace
}  // namespace remapstorm
