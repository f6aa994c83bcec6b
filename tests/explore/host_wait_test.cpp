// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "harness/explorer_worker.h"

namespace remapstorm {
namespace {

Event wait_of(int vcpu, int at, int waited) {
  Event event;
  event.time = Nanoseconds(at);
  event.vcpu = vcpu;
  event.body = HostWaitEvent{Nanoseconds(waited)};
  return event;
}

TEST(HostWait, IsThatOfTheVcpuThatWaitedLongestSinceTheTrialBegan) {
  Event console;
  console.time = Nanoseconds(50);
  console.body = ConsoleEvent{"x"};
  const std::vector<Event> events = {wait_of(0, 5, 1000), wait_of(0, 20, 7), console, wait_of(1, 30, 10),
                                     wait_of(0, 40, 8)};
  EXPECT_EQ(longest_host_wait(events, Nanoseconds(10)), Nanoseconds(15));
  EXPECT_EQ(longest_host_wait(events, Nanoseconds(0)), Nanoseconds(1015));
  EXPECT_EQ(longest_host_wait(events, Nanoseconds(60)), Nanoseconds(0));
  EXPECT_EQ(longest_host_wait({}, Nanoseconds(0)), Nanoseconds(0));
}

}  // namespace
}  // namespace remapstorm
