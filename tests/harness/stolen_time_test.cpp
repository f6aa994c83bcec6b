// SPDX-License-Identifier: Apache-2.0
#include "harness/stolen_time.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace remapstorm {
namespace {

using std::chrono::milliseconds;

// A folder that looks like /proc/PID/task.
class Tasks {
 public:
  Tasks() { std::filesystem::create_directories(folder()); }
  ~Tasks() { std::filesystem::remove_all(folder()); }
  void waited(const std::string& thread, Nanoseconds delay) const {
    std::filesystem::create_directories(folder() + "/" + thread);
    std::ofstream(folder() + "/" + thread + "/schedstat") << "123456 " << delay.count() << " 7\n";
  }
  static std::string folder() { return testing::TempDir() + "stolen-time-tasks"; }
};

TEST(StolenTime, IsThatOfTheThreadThatWaitedLongest) {
  const Tasks tasks;
  tasks.waited("11", milliseconds(4));
  tasks.waited("12", milliseconds(9));
  ManualClock clock;
  const auto stolen = StolenTime::of_threads(Tasks::folder(), clock);
  ASSERT_TRUE(stolen.ok()) << stolen.error().message;
  EXPECT_EQ((*stolen)->read(), Nanoseconds(milliseconds(9)));
  tasks.waited("11", milliseconds(30));
  clock.advance(milliseconds(9));
  EXPECT_EQ((*stolen)->read(), Nanoseconds(milliseconds(9))) << "not asked again so soon";
  clock.advance(milliseconds(1));
  EXPECT_EQ((*stolen)->read(), Nanoseconds(milliseconds(30)));
}

TEST(StolenTime, NeverGoesBack) {
  const Tasks tasks;
  tasks.waited("11", milliseconds(40));
  ManualClock clock;
  const auto stolen = StolenTime::of_threads(Tasks::folder(), clock);
  ASSERT_TRUE(stolen.ok());
  EXPECT_EQ((*stolen)->read(), Nanoseconds(milliseconds(40)));
  tasks.waited("11", milliseconds(20));
  clock.advance(milliseconds(100));
  EXPECT_EQ((*stolen)->read(), Nanoseconds(milliseconds(40)));
}

TEST(StolenTime, OfAFolderThatIsNotThereIsTheHostsFailure) {
  const ManualClock clock;
  const auto stolen = StolenTime::of_threads("/nowhere/task", clock);
  ASSERT_FALSE(stolen.ok());
  EXPECT_EQ(stolen.error().kind, ErrorKind::host);
  EXPECT_NE(stolen.error().message.find("/nowhere/task"), std::string::npos);
}

}  // namespace
}  // namespace remapstorm
