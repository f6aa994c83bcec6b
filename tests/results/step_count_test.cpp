// SPDX-License-Identifier: Apache-2.0
#include "results/step_count.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

CountedStep step_at(std::uint64_t pc, std::uint64_t sp = 0x1000, std::string_view function = "update") {
  return {Gva(pc), Gva(sp), function};
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

// Each of three entries is cleared, flushed (a wait in line, or in a function of its own) and set, with no probe near
// that would tell one entry from another.
StepSums flushed(std::uint64_t wait_sp, bool called) {
  StepCount count;
  for (std::uint64_t entry = 0; entry < 3; ++entry) {
    count.step(step_at(0x1));
    CountedStep call = step_at(0x2);
    if (called) call.returns_to = Gva(0x3);
    count.step(call);
    for (std::uint64_t turn = 0; turn <= entry; ++turn) {
      count.step(step_at(0x10, wait_sp, "flush"));
      CountedStep hint = step_at(0x11, wait_sp, "flush");
      hint.spin_hint = true;
      count.step(hint);
      count.step(step_at(0x12, wait_sp, "flush"));
    }
    count.step(step_at(0x10, wait_sp, "flush"));
    count.step(step_at(0x13, wait_sp, "flush"));
    count.step(step_at(0x3));
  }
  return count.sums();
}

// 0xff8: as x86 calls; 0x1000: a leaf of arm64; 0xf00: one with a frame; 0x9000: on another stack.
TEST(StepCount, ALoopThatCallsAWaitInEachOfItsRoundsIsNoWait) {
  for (const std::uint64_t wait_sp : {0xff8, 0x1000, 0xf00, 0x9000}) {
    const StepSums sums = flushed(wait_sp, true);
    EXPECT_EQ(sums.all.kernel, 15U) << wait_sp;
    EXPECT_EQ(sums.spin, 18U) << wait_sp;
  }
}

TEST(StepCount, ALoopThatWaitsInEachOfItsRoundsIsNoWait) {
  StepCount count;
  const auto step = [&](std::uint64_t pc, bool clear, bool hint = false) {
    CountedStep one = step_at(pc);
    one.clear = clear;
    one.spin_hint = hint;
    count.step(one);
  };
  for (int entry = 0; entry < 3; ++entry) {
    step(0x1, false);
    for (int turn = 0; turn <= entry; ++turn) {
      step(0x10, true);
      step(0x11, true, true);
    }
    step(0x10, true);
    step(0x12, true);
    step(0x2, false);
  }
  const StepSums sums = count.sums();
  EXPECT_EQ(sums.windows.size(), 3U);
  EXPECT_EQ(sums.all.kernel, 12U);
  EXPECT_EQ(sums.spin, 12U);
}

// On x86 a call pushes; on arm64 the stack is as it was until the probe makes a frame, and behind that.
TEST(StepCount, ProbesAreTheHarnessesOwn) {
  for (const std::uint64_t pushed : {8, 0}) {
    StepCount count = StepCount::from_inside_a_probe();
    count.step(step_at(0x10, 0x0e00, "rs_log_and_ring"));  // where it began
    count.step(step_at(0x11, 0x0f00, "__rs_probe"));
    CountedStep call = step_at(0x1);
    call.returns_to = Gva(0x2);
    count.step(call);
    CountedStep enter = step_at(0x20, 0x1000 - pushed, "__rs_probe");
    enter.at_entry = true;
    count.step(enter);
    CountedStep inner = step_at(0x21, 0x0f80, "__rs_probe");
    inner.returns_to = Gva(0x22);
    count.step(inner);
    count.step(step_at(0x30, 0x0f80 - pushed, "native_read_tsc"));  // whatever it calls
    count.step(step_at(0x40, 0x9000, "irq"));                       // an interrupt, on a stack of its own
    count.step(step_at(0x22, 0x0f80, "__rs_probe"));
    count.step(step_at(0x23, 0x1000 - pushed, "__rs_probe"));  // its return
    count.step(step_at(0x2));
    count.step(step_at(0x3));
    count.step(step_at(0x4, 0x0fc0));  // which stores into its own frame
    const StepSums sums = count.sums();
    EXPECT_EQ(sums.all.kernel, 4U) << pushed;
    EXPECT_EQ(sums.all.harness, 8U) << pushed;
    EXPECT_EQ(sums.functions, (std::map<std::string, std::uint64_t>{{"update", 4}})) << pushed;
  }
}

TEST(StepCount, AProbeThatNobodyWasSeenToCallEndsByItsName) {
  StepCount count;
  CountedStep enter = step_at(0x20, 0x1000, "__rs_probe");
  enter.at_entry = true;
  count.step(enter);
  count.step(step_at(0x21, 0x1000, "rs_log"));
  count.step(step_at(0x2, 0x1000));
  EXPECT_EQ(count.sums().all, (InstructionSum{1, 2}));
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
