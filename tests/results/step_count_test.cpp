// SPDX-License-Identifier: Apache-2.0
#include "results/step_count.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

CountedStep step_at(std::uint64_t pc, std::uint64_t sp = 0x1000, std::string_view function = "update") {
  return {Gva(pc), Gva(sp), function, false, false, false};
}

CountedStep pause(std::uint64_t pc) {
  CountedStep step = step_at(pc);
  step.spin_hint = true;
  return step;
}

// 1: test; 2: jne 5; 3: pause; 4: jmp 1; 5: on.
StepSums waited(int turns) {
  StepCount count;
  count.step(step_at(0x0));
  for (int i = 0; i < turns; ++i) {
    count.step(step_at(0x1));
    count.step(step_at(0x2));
    count.step(pause(0x3));
    count.step(step_at(0x4));
  }
  count.step(step_at(0x1));
  count.step(step_at(0x2));
  count.step(step_at(0x5));
  return count.sums();
}

TEST(StepCount, AWaitOfAnyLengthCountsLikeNone) {
  const StepSums none = waited(0);
  EXPECT_EQ(none.all.kernel, 4U);
  EXPECT_EQ(none.spin, 0U);
  for (const int turns : {1, 2, 77}) {
    const StepSums some = waited(turns);
    EXPECT_EQ(some.all, none.all) << turns;
    EXPECT_EQ(some.functions, none.functions) << turns;
    EXPECT_EQ(some.spin, 4U * turns);
  }
}

TEST(StepCount, ALoopThatWorksCounts) {
  StepCount count;
  for (int i = 0; i < 10; ++i) {
    count.step(step_at(0x1));
    count.step(step_at(0x2));
  }
  EXPECT_EQ(count.sums().all.kernel, 20U);
  EXPECT_EQ(count.spin(), 0U);
}

TEST(StepCount, TheSameCodeDeeperInTheStackIsNoTurn) {
  StepCount count;
  count.step(step_at(0x1, 0x1000));
  count.step(pause(0x3));
  count.step(step_at(0x1, 0xf00));
  EXPECT_EQ(count.sums().all.kernel, 3U);
}

// Each of three entries is cleared, flushed (a wait in a function of its own, or in line) and set.
TEST(StepCount, ALoopThatWaitsInEachOfItsRoundsIsNoWait) {
  for (const std::uint64_t wait_sp : {0xf00, 0x1000}) {
    StepCount count;
    const auto step = [&](std::uint64_t pc, std::uint64_t sp, bool clear, bool hint = false) {
      CountedStep one = step_at(pc, sp);
      one.clear = clear;
      one.spin_hint = hint;
      count.step(one);
    };
    for (int entry = 0; entry < 3; ++entry) {
      step(0x1, 0x1000, false);
      for (int turn = 0; turn <= entry; ++turn) {
        step(0x10, wait_sp, true);
        step(0x11, wait_sp, true, true);
      }
      step(0x10, wait_sp, true);
      step(0x12, wait_sp, true);
      step(0x2, 0x1000, false);
    }
    const StepSums sums = count.sums();
    EXPECT_EQ(sums.windows.size(), 3U) << wait_sp;
    EXPECT_EQ(sums.all.kernel, 12U) << wait_sp;
    EXPECT_EQ(sums.spin, 12U) << wait_sp;
  }
}

TEST(StepCount, ProbesAreTheHarnessesOwn) {
  StepCount count = StepCount::from_inside_a_probe();
  count.step(step_at(0x10, 0x0e00, "rs_log_and_ring"));  // where it began
  count.step(step_at(0x11, 0x0f00, "__rs_probe"));
  count.step(step_at(0x1));
  CountedStep enter = step_at(0x20, 0x0ff8, "__rs_probe");
  enter.at_entry = true;
  count.step(enter);
  count.step(step_at(0x30, 0x0f80, "native_read_tsc"));  // whatever it calls
  count.step(step_at(0x21, 0x0ff8, "__rs_probe"));       // its return
  count.step(step_at(0x2));
  const StepSums sums = count.sums();
  EXPECT_EQ(sums.all.kernel, 2U);
  EXPECT_EQ(sums.all.harness, 5U);
  EXPECT_EQ(sums.functions, (std::map<std::string, std::uint64_t>{{"update", 2}}));
}

TEST(StepCount, AWindowIsWhatRunsWhileTheEntryIsClear) {
  StepCount count;
  const auto step = [&](std::uint64_t pc, bool clear) {
    CountedStep one = step_at(pc);
    one.clear = clear;
    count.step(one);
  };
  step(0x1, false);  // the store that clears
  step(0x2, true);
  count.flush_begins();
  step(0x3, true);
  step(0x4, true);
  count.flush_ends();
  step(0x5, true);  // the store that sets
  step(0x6, false);
  step(0x7, true);
  const StepSums sums = count.sums();
  ASSERT_EQ(sums.windows.size(), 2U);
  EXPECT_EQ(sums.windows[0].kernel, 4U);
  EXPECT_EQ(sums.windows[1].kernel, 1U);
  EXPECT_EQ(sums.flush.kernel, 2U);
  EXPECT_EQ(sums.all.kernel, 7U);
}

}  // namespace
}  // namespace remapstorm
