// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace remapstorm {
namespace {

TEST(Rng, TheStandardFixesTheSequence) {
  // [rand.predef]: the 10000th output of a default-seeded mt19937_64.
  Rng rng(5489);
  for (int i = 0; i < 9999; ++i) rng.next();
  EXPECT_EQ(rng.next(), 9981545732273789042ULL);
}

TEST(Rng, SameSeedSameRun) {
  Rng first(7);
  Rng second(7);
  Rng other(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = first.next();
    EXPECT_EQ(value, second.next());
    differs = differs || value != other.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Rng, UnitStaysInTheHalfOpenRange) {
  Rng rng(1);
  double sum = 0;
  for (int i = 0; i < 20000; ++i) {
    const double value = rng.unit();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 20000, 0.5, 0.01);
}

TEST(Rng, ChanceKeepsItsEnds) {
  Rng rng(1);
  int hits = 0;
  for (int i = 0; i < 10000; ++i) {
    EXPECT_FALSE(rng.chance(0.0));
    EXPECT_TRUE(rng.chance(1.0));
    hits += rng.chance(0.25) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 2500, 200);
}

TEST(ManualClock, StandsStillUntilAdvanced) {
  ManualClock clock;
  EXPECT_EQ(clock.now(), Nanoseconds(0));
  clock.advance(std::chrono::milliseconds(3));
  EXPECT_EQ(clock.now(), Nanoseconds(3000000));
}

TEST(SteadyClock, NeverGoesBack) {
  const SteadyClock clock;
  const Nanoseconds first = clock.now();
  EXPECT_GE(clock.now(), first);
}

}  // namespace
}  // namespace remapstorm
