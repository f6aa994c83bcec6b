// SPDX-License-Identifier: Apache-2.0
#include "tests/explore/kvm/explored.h"

namespace remapstorm {
namespace {

// Keeping one took the guest's time, so that its timer was due in those that a busy host kept slowly: an interrupt was
// then taken in that timer's softirq, at 22 and 39 of 53 points of two certificates.
TEST(Checkpoints, TakeNoneOfTheGuestsTime) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  const auto exploration = explored.reach(asked("bbm-pte", "bbm-fault"));
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  ASSERT_GT((*exploration)->marks.size(), 10U);
  for (const WalkMark& mark : (*exploration)->marks) {
    EXPECT_EQ(mark.machine.counter, (*exploration)->at_window->counter) << mark.boundary;
  }
}

}  // namespace
}  // namespace remapstorm
