// SPDX-License-Identifier: Apache-2.0
#include "injectors/hold_state.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

using std::chrono::milliseconds;

HoldRequest timed(Nanoseconds length) {
  HoldRequest request;
  request.token = 1;
  request.length = length;
  return request;
}

TEST(HoldState, TimedHoldEndsAtItsDeadlineAndNotBefore) {
  HoldState hold;
  ASSERT_TRUE(hold.begin(timed(milliseconds(20)), milliseconds(100), Nanoseconds(0)));
  EXPECT_TRUE(hold.keeps_from_running());
  EXPECT_EQ(hold.deadline(), Nanoseconds(milliseconds(120)));
  EXPECT_FALSE(hold.expire(milliseconds(120) - Nanoseconds(1), Nanoseconds(0)).has_value());
  const auto end = hold.expire(milliseconds(121), Nanoseconds(0));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->measured, Nanoseconds(milliseconds(21)));
  EXPECT_FALSE(end->timed_out);
  EXPECT_FALSE(hold.holding());
}

TEST(HoldState, OneOfAMachineThatStoodStillIsAsLongAsAskedForAllTheSame) {
  HoldState hold;
  ASSERT_TRUE(hold.begin(timed(milliseconds(100)), milliseconds(10), Nanoseconds(0)));
  hold.begin_again(milliseconds(60), Nanoseconds(0));
  EXPECT_FALSE(hold.expire(milliseconds(150), Nanoseconds(0)).has_value());
  const auto end = hold.expire(milliseconds(160), Nanoseconds(0));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->measured, Nanoseconds(milliseconds(100)));
}

TEST(HoldState, RendezvousThatIsNeverMetTimesOut) {
  HoldState hold;
  HoldRequest request = timed(milliseconds(50));
  request.until = EventPattern{};
  ASSERT_TRUE(hold.begin(request, milliseconds(0), milliseconds(7)));
  const auto end = hold.expire(milliseconds(50), milliseconds(57));
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(end->timed_out);
}

// A host that does not run the others, or stops this process, must not make a rendezvous fail.
TEST(HoldState, ARendezvousFailsByTimeThatTheGuestHad) {
  HoldState hold;
  HoldRequest request = timed(milliseconds(50));
  request.until = EventPattern{};
  ASSERT_TRUE(hold.begin(request, milliseconds(0), milliseconds(7)));
  EXPECT_FALSE(hold.deadline().has_value());
  EXPECT_FALSE(hold.expire(std::chrono::seconds(60), milliseconds(56)).has_value());
  EXPECT_TRUE(hold.expire(std::chrono::seconds(61), milliseconds(57)).has_value());
}

TEST(HoldState, ATrialThatEndsIsNoRendezvousMet) {
  HoldState hold;
  EXPECT_FALSE(hold.give_up(milliseconds(0)).has_value());
  HoldRequest request = timed(milliseconds(50));
  ASSERT_TRUE(hold.begin(request, milliseconds(0), Nanoseconds(0)));
  EXPECT_FALSE(hold.give_up(milliseconds(10))->timed_out) << "a timed hold is cut by its trial's end";
  request.until = EventPattern{};
  ASSERT_TRUE(hold.begin(request, milliseconds(20), Nanoseconds(0)));
  EXPECT_TRUE(hold.give_up(milliseconds(30))->timed_out);
}

TEST(HoldState, RendezvousThatIsMetDoesNot) {
  HoldState hold;
  HoldRequest request = timed(milliseconds(50));
  request.until = EventPattern{};
  ASSERT_TRUE(hold.begin(request, milliseconds(0), Nanoseconds(0)));
  const auto end = hold.release(milliseconds(30));
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->timed_out);
  EXPECT_EQ(end->measured, Nanoseconds(milliseconds(30)));
}

TEST(HoldState, SoftHoldLetsTheVcpuRun) {
  HoldState hold;
  HoldRequest request = timed(milliseconds(5));
  request.soft = true;
  ASSERT_TRUE(hold.begin(request, milliseconds(0), Nanoseconds(0)));
  EXPECT_TRUE(hold.holding());
  EXPECT_FALSE(hold.keeps_from_running());
}

TEST(HoldState, SecondHoldIsRefusedAndLeavesTheFirst) {
  HoldState hold;
  ASSERT_TRUE(hold.begin(timed(milliseconds(20)), milliseconds(0), Nanoseconds(0)));
  EXPECT_FALSE(hold.begin(timed(milliseconds(90)), milliseconds(10), Nanoseconds(0)));
  EXPECT_EQ(hold.deadline(), Nanoseconds(milliseconds(20)));
}

}  // namespace
}  // namespace remapstorm
