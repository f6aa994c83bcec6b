// SPDX-License-Identifier: Apache-2.0
#include "trial/stolen_time.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace remapstorm {
namespace {

using std::chrono::milliseconds;

using Waited = std::vector<Nanoseconds>;

TEST(StolenSum, IsWhatAllWaitedSinceTheBeginning) {
  StolenSum stolen(milliseconds(100), {milliseconds(10), milliseconds(3)});
  EXPECT_EQ(stolen.sum(), Nanoseconds(0)) << "what was before is not its business";
  stolen.advance(milliseconds(120), Waited{milliseconds(12), milliseconds(6)});
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(5)));
  stolen.advance(milliseconds(140), Waited{milliseconds(12), milliseconds(6)});
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(5)));
}

TEST(StolenSum, TogetherIsNeverMoreThanPassed) {
  StolenSum stolen(milliseconds(0), {milliseconds(0), milliseconds(0)});
  stolen.advance(milliseconds(20), Waited{milliseconds(17), milliseconds(18)});
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(20)));
}

// A wait shows when it is over: all of it counts, also what lies before the answer before.
TEST(StolenSum, ALongWaitIsNotCutToTheLastInterval) {
  StolenSum stolen(milliseconds(0), {milliseconds(0), milliseconds(0)});
  for (int i = 1; i <= 9; ++i) stolen.advance(milliseconds(50 * i), Waited{milliseconds(0), milliseconds(0)});
  stolen.advance(milliseconds(500), Waited{milliseconds(480), milliseconds(30)});
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(480)));
}

TEST(StolenSum, NeverGoesBack) {
  StolenSum stolen(milliseconds(0), {milliseconds(50)});
  stolen.advance(milliseconds(20), Waited{milliseconds(60)});
  stolen.advance(milliseconds(40), Waited{milliseconds(20)});
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(10)));
  stolen.advance(milliseconds(60), Waited{milliseconds(63)});
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(13)));
}

// A folder that looks like /proc/PID/task.
class Tasks {
 public:
  Tasks() { std::filesystem::create_directories(folder()); }
  ~Tasks() { std::filesystem::remove_all(folder()); }
  void thread(const std::string& id, const std::string& name, Nanoseconds delay, Nanoseconds ran = milliseconds(1),
              char state = 'R') const {
    std::filesystem::create_directories(folder() + "/" + id);
    std::ofstream(folder() + "/" + id + "/comm") << name << "\n";
    std::ofstream(folder() + "/" + id + "/stat") << id << " (" << name << ") " << state << " 1\n";
    std::ofstream(folder() + "/" + id + "/schedstat") << ran.count() << " " << delay.count() << " 7\n";
  }
  static std::string folder() { return testing::TempDir() + "tasks-of-" + std::to_string(::getpid()); }
};

TEST(StolenTime, AsksTheProcessorsAndNobodyElse) {
  const Tasks tasks;
  tasks.thread("11", "qemu-system-x86", milliseconds(4));
  tasks.thread("12", "CPU 0/TCG", milliseconds(9));
  const SteadyClock clock;
  const auto stolen = StolenTime::of_threads(Tasks::folder(), clock);
  ASSERT_TRUE(stolen.ok()) << stolen.error().message;
  for (int step = 1; (*stolen)->read() == Nanoseconds(0); ++step) {
    ASSERT_LT(step, 10'000) << "never asked again";
    tasks.thread("11", "qemu-system-x86", std::chrono::hours(step));
    tasks.thread("12", "CPU 0/TCG", milliseconds(9) + std::chrono::microseconds(step));
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_LT((*stolen)->read(), Nanoseconds(milliseconds(10)));
}

// The slower of two processors is what a guest in here can count on.
TEST(StolenTime, TellsWhatEachProcessorHad) {
  const Tasks tasks;
  tasks.thread("12", "CPU 0/TCG", milliseconds(9));
  tasks.thread("13", "CPU 1/TCG", milliseconds(9));
  const SteadyClock clock;
  const auto stolen = StolenTime::of_threads(Tasks::folder(), clock);
  ASSERT_TRUE(stolen.ok()) << stolen.error().message;
  std::vector<Nanoseconds> had;
  const auto most = [&had] { return had.empty() ? Nanoseconds(0) : std::max(had.front(), had.back()); };
  for (int step = 1; most() < milliseconds(30); ++step) {
    ASSERT_LT(step, 10'000) << "never asked again";
    tasks.thread("12", "CPU 0/TCG", milliseconds(9), milliseconds(1) + std::chrono::microseconds(step));
    tasks.thread("13", "CPU 1/TCG", milliseconds(9), milliseconds(1), 'S');
    std::this_thread::sleep_for(milliseconds(1));
    had.clear();
    (*stolen)->append_had(had);
    ASSERT_EQ(had.size(), 2U);
  }
  EXPECT_LT(std::min(had.front(), had.back()), Nanoseconds(milliseconds(10)))
      << "it was ready all the time and hardly ran";
}

TEST(StolenTime, WithoutProcessorsIsTheHostsFailure) {
  const SteadyClock clock;
  const Tasks tasks;
  tasks.thread("11", "qemu-system-x86", milliseconds(4));
  for (const std::string& folder : {Tasks::folder(), std::string("/nowhere/task")}) {
    const auto stolen = StolenTime::of_threads(folder, clock);
    ASSERT_FALSE(stolen.ok());
    EXPECT_EQ(stolen.error().kind, ErrorKind::host);
    EXPECT_NE(stolen.error().message.find(folder), std::string::npos);
  }
}

}  // namespace
}  // namespace remapstorm
