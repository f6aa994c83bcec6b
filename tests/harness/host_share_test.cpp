// SPDX-License-Identifier: Apache-2.0
#include "harness/host_share.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

namespace remapstorm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Waited = std::array<Nanoseconds, 2>;

TEST(GivenTime, PassesWithTheClockOnAnIdleHost) {
  GivenTime time;
  for (int i = 0; i <= 10; ++i) time.advance(milliseconds(100 + i), Waited{});
  EXPECT_EQ(time.given(), Nanoseconds(milliseconds(10)));
}

TEST(GivenTime, StandsStillWhileAVcpuWaitsForTheHost) {
  GivenTime time;
  time.advance(milliseconds(0), Waited{});
  time.advance(milliseconds(100), Waited{Nanoseconds(milliseconds(100)), Nanoseconds(0)});
  EXPECT_EQ(time.given(), Nanoseconds(0));
  time.advance(milliseconds(200), Waited{Nanoseconds(milliseconds(130)), Nanoseconds(milliseconds(70))});
  EXPECT_EQ(time.given(), Nanoseconds(milliseconds(30)));
}

TEST(GivenTime, NeverGoesBack) {
  GivenTime time;
  time.advance(milliseconds(0), Waited{});
  time.advance(milliseconds(10), Waited{Nanoseconds(seconds(1)), Nanoseconds(0)});
  EXPECT_EQ(time.given(), Nanoseconds(0));
  time.advance(milliseconds(20), Waited{});  // a thread that ended reads less
  EXPECT_EQ(time.given(), Nanoseconds(milliseconds(10)));
}

// A guest that gets a quarter of the time it needs: not over the limit in five wall seconds, over it in twenty.
TEST(Patience, ALimitCountsGivenTime) {
  GivenTime time;
  Patience patience;
  patience.restart(Nanoseconds(0), Nanoseconds(0));
  std::chrono::milliseconds over{0};
  for (milliseconds now{0}; over == milliseconds(0) && now < seconds(60); now += milliseconds(4)) {
    time.advance(now, Waited{Nanoseconds(now) * 3 / 4, Nanoseconds(0)});
    if (patience.check(seconds(5), now, time.given()) != Patience::State::waiting) over = now;
  }
  EXPECT_EQ(patience.check(seconds(5), over, time.given()), Patience::State::over);
  EXPECT_GE(over, seconds(20));
  EXPECT_LT(over, milliseconds(20100));
}

TEST(Patience, AHostThatGivesNothingIsCalledStarved) {
  Patience patience;
  patience.restart(Nanoseconds(seconds(1)), Nanoseconds(0));
  EXPECT_EQ(patience.check(seconds(5), seconds(40), seconds(1)), Patience::State::waiting);
  EXPECT_EQ(patience.check(seconds(5), seconds(42), seconds(1)), Patience::State::starved);
}

TEST(RunDelay, SeesThatAnotherThreadHadTheCpu) {
  std::atomic<bool> stop{false};
  std::atomic<pid_t> first{0};
  const auto cpu = static_cast<std::size_t>(::sched_getcpu());
  const auto spin = [&](std::atomic<pid_t>* id) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof(one), &one);
    if (id != nullptr) *id = ::gettid();
    while (!stop) {
    }
  };
  std::thread a(spin, &first);
  std::thread b(spin, nullptr);
  while (first == 0) std::this_thread::yield();
  const RunDelay delay(first);
  const auto before = delay.read();
  // Two that never sleep on one CPU: each waits for the other.
  auto after = before;
  for (int i = 0; i < 1000 && after && before && *after - *before < milliseconds(20); ++i) {
    std::this_thread::sleep_for(milliseconds(5));
    after = delay.read();
  }
  stop = true;
  a.join();
  b.join();
  ASSERT_TRUE(before && after);
  EXPECT_GE(*after - *before, milliseconds(20));
  EXPECT_FALSE(delay.read()) << "the thread is gone";
}

}  // namespace
}  // namespace remapstorm
