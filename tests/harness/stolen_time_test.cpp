// SPDX-License-Identifier: Apache-2.0
#include "harness/stolen_time.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace remapstorm {
namespace {

using std::chrono::milliseconds;

TEST(StolenSum, IsWhatAllWaitedSinceTheBeginning) {
  StolenSum stolen(milliseconds(100), milliseconds(13));
  EXPECT_EQ(stolen.sum(), Nanoseconds(0)) << "what was before is not its business";
  stolen.advance(milliseconds(120), milliseconds(18));
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(5)));
  stolen.advance(milliseconds(140), milliseconds(18));
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(5)));
}

TEST(StolenSum, IsNeverMoreThanPassed) {
  StolenSum stolen(milliseconds(0), milliseconds(0));
  stolen.advance(milliseconds(20), milliseconds(35));
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(20)));
}

TEST(StolenSum, NeverGoesBack) {
  StolenSum stolen(milliseconds(0), milliseconds(50));
  stolen.advance(milliseconds(20), milliseconds(60));
  stolen.advance(milliseconds(40), milliseconds(20));
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(10)));
  stolen.advance(milliseconds(60), milliseconds(63));
  EXPECT_EQ(stolen.sum(), Nanoseconds(milliseconds(13)));
}

// A folder that looks like /proc/PID/task.
class Tasks {
 public:
  Tasks() { std::filesystem::create_directories(folder()); }
  ~Tasks() { std::filesystem::remove_all(folder()); }
  void thread(const std::string& id, const std::string& name, Nanoseconds delay) const {
    std::filesystem::create_directories(folder() + "/" + id);
    std::ofstream(folder() + "/" + id + "/comm") << name << "\n";
    std::ofstream(folder() + "/" + id + "/schedstat") << "123456 " << delay.count() << " 7\n";
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
