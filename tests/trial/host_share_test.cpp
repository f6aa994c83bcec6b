// SPDX-License-Identifier: Apache-2.0
#include "trial/host_share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace remapstorm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A thread as a host runs it: what the scheduler's counters show of it, and what it really had.
class MadeUpThread {
 public:
  void run(Nanoseconds length) { now_ += length, look_.ran += length, truth_ += length, look_.asleep = false; }
  void sleep(Nanoseconds length) { now_ += length, truth_ += length, look_.asleep = true; }
  // Ready, on a busy host: the counter has it when it ends.
  void wait(Nanoseconds length) { now_ += length, pending_ += length, look_.asleep = false; }
  void wait_ends() { look_.waited += pending_, pending_ = Nanoseconds(0); }
  // Out of processor time of its group (6.18 counts it nowhere), or stopped by a signal: never a wait.
  void withheld(Nanoseconds length) { now_ += length, look_.asleep = false; }
  // The same for a thread that slept before and sleeps after.
  void stopped_asleep(Nanoseconds length) { now_ += length, look_.asleep = true; }
  void see(ThreadShare& share, Nanoseconds late = Nanoseconds(0)) const { share.advance(now_, look_, late); }
  [[nodiscard]] Nanoseconds now() const { return now_; }
  [[nodiscard]] Nanoseconds truth() const { return truth_; }

 private:
  ThreadLook look_;
  Nanoseconds now_{seconds(100)};
  Nanoseconds pending_{0};
  Nanoseconds truth_{0};
};

TEST(ThreadShare, WhoRunsOrSleepsHasAllTheTime) {
  MadeUpThread thread;
  ThreadShare share;
  thread.see(share);
  for (int i = 0; i < 100; ++i) {
    thread.run(milliseconds(5));
    thread.see(share);
    thread.sleep(milliseconds(5));
    thread.see(share);
  }
  EXPECT_EQ(share.had(), Nanoseconds(seconds(1)));
  EXPECT_EQ(share.lost(), Nanoseconds(0));
}

// The wait of ten seconds shows only when it is over: until then, and from then on, none of it was had.
TEST(ThreadShare, AWaitIsNotForgottenBecauseItShowsLate) {
  MadeUpThread thread;
  ThreadShare share;
  thread.run(milliseconds(1));
  thread.see(share);
  for (int i = 0; i < 2000; ++i) {
    thread.wait(milliseconds(5));
    thread.see(share);
  }
  EXPECT_EQ(share.had(), Nanoseconds(0));
  EXPECT_EQ(share.lost(), Nanoseconds(seconds(10))) << "it was ready in each look and never ran";
  thread.wait_ends();
  thread.run(milliseconds(1));
  thread.see(share);
  EXPECT_EQ(share.had(), Nanoseconds(milliseconds(1)));
  EXPECT_EQ(share.lost(), Nanoseconds(seconds(10))) << "the same wait is not told twice";
}

// A sleep that a wait ended: only what is not waited was had.
TEST(ThreadShare, AWaitInsideASleepIsTakenOff) {
  MadeUpThread thread;
  ThreadShare share;
  thread.sleep(milliseconds(1));
  thread.see(share);
  thread.sleep(milliseconds(3));
  thread.wait(milliseconds(4));
  thread.wait_ends();
  thread.run(milliseconds(1));
  thread.sleep(milliseconds(1));
  thread.see(share);
  EXPECT_EQ(share.had(), Nanoseconds(milliseconds(5)));
  EXPECT_EQ(share.lost(), Nanoseconds(milliseconds(4)));
}

// A quota of a tenth: of each 100 ms the thread runs 10 and is then throttled, which no counter of its own tells.
TEST(ThreadShare, AThrottledThreadHasWhatItRan) {
  MadeUpThread thread;
  ThreadShare share;
  thread.see(share);
  for (int period = 0; period < 100; ++period) {
    thread.run(milliseconds(5));
    thread.see(share);
    thread.run(milliseconds(5));
    thread.see(share);
    for (int i = 0; i < 9; ++i) {
      thread.withheld(milliseconds(10));
      thread.see(share);
    }
  }
  EXPECT_EQ(share.had(), Nanoseconds(seconds(1)));
  EXPECT_EQ(share.lost(), Nanoseconds(seconds(9)));
}

// The same where whoever looks is throttled along and sees each period once.
TEST(ThreadShare, AThrottledObserverVouchesForLittle) {
  MadeUpThread thread;
  ThreadShare share;
  thread.see(share);
  for (int period = 0; period < 100; ++period) {
    thread.run(milliseconds(10));
    thread.withheld(milliseconds(85));
    thread.stopped_asleep(milliseconds(5));
    thread.see(share, milliseconds(90));
  }
  EXPECT_LE(share.had(), Nanoseconds(seconds(1)));
}

// SIGSTOP, a frozen group, docker pause: whoever looks was stopped as well, and both slept at either end.
TEST(ThreadShare, NothingIsGivenWhileNobodyLooked) {
  MadeUpThread thread;
  ThreadShare share;
  thread.sleep(milliseconds(5));
  thread.see(share);
  thread.stopped_asleep(seconds(5));
  thread.see(share, seconds(5) - milliseconds(5));
  EXPECT_LE(share.had(), ThreadShare::kVouched);
  EXPECT_GE(share.lost(), Nanoseconds(seconds(4)));
}

// The machine that this host is a guest of stood still: its clocks went on, that of a running thread as well.
TEST(ThreadShare, ALeapOfTheClockIsNoRunning) {
  MadeUpThread thread;
  ThreadShare share;
  thread.see(share);
  thread.run(seconds(30));
  thread.see(share, seconds(30));
  EXPECT_LE(share.had(), ThreadShare::kVouched);
}

TEST(ThreadShare, BeingALittleLateIsNoLoss) {
  MadeUpThread thread;
  ThreadShare share;
  thread.sleep(milliseconds(5));
  thread.see(share);
  thread.sleep(milliseconds(20));
  thread.see(share, ThreadShare::kAway);
  EXPECT_EQ(share.lost(), Nanoseconds(0));
}

// Whatever a host does with a thread: never more than it had, but for what a look vouches for at each stop that no
// counter tells of.
TEST(ThreadShare, NeverSaysMoreThanTheTruth) {
  std::mt19937 dice(7);
  const auto up_to = [&](int most) { return milliseconds(std::uniform_int_distribution<int>(1, most)(dice)); };
  for (int life = 0; life < 500; ++life) {
    MadeUpThread thread;
    ThreadShare share;
    thread.see(share);
    int hidden = 0;
    for (int i = 0; i < 200; ++i) {
      switch (dice() % 5) {
        case 0:
          thread.run(up_to(8));
          break;
        case 1:
          thread.sleep(up_to(8));
          break;
        case 2:
          for (int looks = static_cast<int>(dice() % 20); looks > 0; --looks) {
            thread.wait(up_to(30));
            thread.see(share);
          }
          thread.wait_ends();
          thread.run(up_to(2));
          break;
        case 3:
          thread.withheld(up_to(300));
          ++hidden;
          break;
        default:
          thread.sleep(milliseconds(1));
          thread.stopped_asleep(up_to(3000));
          ++hidden;
          break;
      }
      if (dice() % 3 != 0) thread.see(share);
    }
    thread.see(share);
    ASSERT_LE(share.had(), thread.truth() + hidden * ThreadShare::kVouched) << "life " << life;
  }
}

using Had = std::array<Nanoseconds, 2>;

TEST(GivenTime, IsThatOfTheSlowest) {
  GivenTime time;
  time.advance(milliseconds(0), Had{seconds(9), seconds(1)});
  EXPECT_EQ(time.given(), Nanoseconds(0)) << "what was before is not its business";
  for (int i = 1; i <= 100; ++i) {
    time.advance(milliseconds(10 * i), Had{seconds(9) + milliseconds(10 * i), seconds(1) + milliseconds(i)});
  }
  EXPECT_EQ(time.given(), Nanoseconds(milliseconds(100)));
  EXPECT_EQ(time.attended(), Nanoseconds(seconds(1)));
}

TEST(GivenTime, ThoseThatTakeTurnsHaveTheirTimeBoth) {
  GivenTime time;
  Had had{};
  time.advance(milliseconds(0), had);
  for (int i = 1; i <= 100; ++i) {
    had[static_cast<std::size_t>(i % 2)] += milliseconds(10);
    time.advance(milliseconds(10 * i), had);
  }
  EXPECT_EQ(time.given(), Nanoseconds(milliseconds(500)));
}

// One had a minute for itself, then the other: no moment of it was given to the guest.
TEST(GivenTime, ALongLeadIsForgotten) {
  GivenTime time;
  time.advance(milliseconds(0), Had{});
  time.advance(seconds(60), Had{seconds(60), Nanoseconds(0)});
  time.advance(seconds(120), Had{seconds(60), seconds(60)});
  EXPECT_EQ(time.given(), GivenTime::kLead);
}

TEST(GivenTime, OneThatComesLaterBeginsThen) {
  GivenTime time;
  time.advance(milliseconds(0), std::span<const Nanoseconds>{});
  time.advance(milliseconds(50), Had{seconds(3), seconds(4)});
  EXPECT_EQ(time.given(), Nanoseconds(0));
  time.advance(milliseconds(60), Had{seconds(3) + milliseconds(10), seconds(4) + milliseconds(10)});
  EXPECT_EQ(time.given(), Nanoseconds(milliseconds(10)));
}

TEST(GivenTime, AnAbsenceIsNotAttended) {
  GivenTime time;
  time.advance(milliseconds(0), Had{});
  time.advance(std::chrono::hours(9), Had{milliseconds(10), milliseconds(10)});
  EXPECT_EQ(time.attended(), GivenTime::kAbsence);
}

// A host gives time in pieces: of a millisecond's limit it says nothing that the first look finds none given yet.
TEST(Timeout, ATinyLimitIsTheUsersAndNotTheHosts) {
  Timeout timeout;
  timeout.restart(Nanoseconds{0}, Nanoseconds{0});
  const Nanoseconds limit = std::chrono::milliseconds(1);
  EXPECT_EQ(timeout.check(limit, std::chrono::milliseconds(100), std::chrono::microseconds(500)),
            Timeout::State::waiting);
  EXPECT_EQ(timeout.check(limit, std::chrono::milliseconds(110), std::chrono::milliseconds(20)), Timeout::State::over);
  EXPECT_EQ(timeout.check(limit, std::chrono::seconds(9), std::chrono::microseconds(500)), Timeout::State::starved);
}

// 5 s of processor time in 36 s, all of which went into timer ticks that were owed: no hang.
TEST(Timeout, TimeThatIsOwedToTicksIsNoTimeToGoOn) {
  Timeout timeout;
  timeout.restart(Nanoseconds{0}, Nanoseconds{0});
  EXPECT_EQ(timeout.check(seconds(5), seconds(36), milliseconds(5008)), Timeout::State::waiting);
  EXPECT_EQ(timeout.check(seconds(5), seconds(41), milliseconds(5700)), Timeout::State::starved);
  EXPECT_EQ(timeout.check(seconds(5), milliseconds(5100), milliseconds(5050)), Timeout::State::over) << "a quiet host";
}

// A guest that gets a quarter of the time it needs: not over the limit in five wall seconds, over it in twenty-nine,
// of which it had a quarter and a tenth of the rest was owed.
TEST(Timeout, ALimitCountsGivenTime) {
  MadeUpThread thread;
  ThreadShare share;
  GivenTime time;
  Timeout timeout;
  const Nanoseconds begin = thread.now();
  auto state = Timeout::State::waiting;
  while (state == Timeout::State::waiting) {
    thread.see(share);
    const std::array had{share.had()};
    time.advance(thread.now(), had);
    state = timeout.check(seconds(5), time.attended(), time.given());
    thread.wait(milliseconds(3));
    thread.wait_ends();
    thread.run(milliseconds(1));
  }
  EXPECT_EQ(state, Timeout::State::over);
  EXPECT_GE(thread.now() - begin, Nanoseconds(milliseconds(28500)));
  EXPECT_LT(thread.now() - begin, Nanoseconds(milliseconds(28700)));
}

// Stopped for an hour in the middle, it goes on as if nothing had been.
TEST(Timeout, AStopIsNeitherOverNorStarved) {
  MadeUpThread thread;
  ThreadShare share;
  GivenTime time;
  Timeout timeout;
  const auto look = [&](Nanoseconds late) {
    thread.see(share, late);
    const std::array had{share.had()};
    time.advance(thread.now(), had);
    return timeout.check(seconds(5), time.attended(), time.given());
  };
  EXPECT_EQ(look(Nanoseconds(0)), Timeout::State::waiting);
  thread.stopped_asleep(std::chrono::hours(1));
  EXPECT_EQ(look(std::chrono::hours(1)), Timeout::State::waiting);
  for (int i = 0; i < 990; ++i) {
    thread.sleep(milliseconds(5));
    ASSERT_EQ(look(Nanoseconds(0)), Timeout::State::waiting) << i;
  }
}

TEST(Timeout, AHostThatGivesNothingIsCalledStarved) {
  Timeout timeout;
  timeout.restart(Nanoseconds(seconds(1)), Nanoseconds(0));
  EXPECT_EQ(timeout.check(seconds(5), seconds(40), seconds(1)), Timeout::State::waiting);
  EXPECT_EQ(timeout.check(seconds(5), seconds(42), seconds(1)), Timeout::State::starved);
}

}  // namespace
}  // namespace remapstorm
