// SPDX-License-Identifier: Apache-2.0
#include "results/trial_times.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

using std::chrono::seconds;

TEST(TrialTimes, AreKeptBetweenSessions) {
  const TemporaryFolder folder;
  const std::string path = folder.file("trial-times.json");
  TrialTimes first = TrialTimes::load(path);
  EXPECT_FALSE(first.of("a").has_value());
  first.add("a", seconds(1));
  first.add("a", seconds(3));
  ASSERT_TRUE(first.save(path));
  TrialTimes second = TrialTimes::load(path);
  EXPECT_EQ(second.of("a"), seconds(2));
  second.add("b", seconds(5));
  ASSERT_TRUE(second.save(path));
  EXPECT_EQ(TrialTimes::load(path).of("a"), seconds(2));
  EXPECT_EQ(TrialTimes::load(path).of("b"), seconds(5));
}

TEST(TrialTimes, TheNewestCountMost) {
  TrialTimes times;
  for (int i = 0; i < 1000; ++i) times.add("a", seconds(1));
  for (int i = 0; i < 60; ++i) times.add("a", seconds(11));
  EXPECT_GT(*times.of("a"), seconds(10));
}

TEST(TrialTimes, WhatCannotBeReadIsNothing) {
  const TemporaryFolder folder;
  const std::string path = folder.file("trial-times.json");
  for (const char* wrong :
       {"", "[]", "{", R"({"schema":2,"trials":{"a":{"count":1,"mean_ns":5}}})",
        R"({"schema":1,"trials":{"a":{"count":-1,"mean_ns":5}}})", R"({"schema":1,"trials":[1]})"}) {
    std::ofstream(path) << wrong;
    EXPECT_FALSE(TrialTimes::load(path).of("a").has_value()) << wrong;
  }
  TrialTimes some;
  some.add("a", seconds(1));
  EXPECT_FALSE(some.save(folder.file("nothing/there")));
  // Nothing new is nothing to write.
  EXPECT_TRUE(TrialTimes().save(folder.file("none.json")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("none.json")));
}

TEST(TimeLeft, SaysNothingUntilThereIsSomethingToSay) {
  TrialTimes times;
  TimeLeft left(times, 1);
  left.plan("a", 1, 1);
  left.plan("b", 1, 1);
  EXPECT_FALSE(left.left().has_value()) << "nothing has ended";
  left.done("a", seconds(2));
  EXPECT_FALSE(left.left().has_value()) << "nothing is known of b";
  left.done("b", seconds(3));
  EXPECT_EQ(left.left(), seconds(0));
}

TEST(TimeLeft, KnowsFromBeforeWhatHasNotRunYet) {
  TrialTimes times;
  times.add("b", seconds(10));
  TimeLeft left(times, 1);
  left.plan("a", 1, 3);
  left.plan("b", 1, 1);
  EXPECT_FALSE(left.left().has_value()) << "it may be booting";
  left.done("a", seconds(2));
  EXPECT_EQ(left.left(), seconds(2 * 2 + 10));
}

// This session's own lengths count, not those of a day when the machine had more to do.
TEST(TimeLeft, WhatRunsNowTellsMoreThanWhatRanBefore) {
  TrialTimes times;
  for (int i = 0; i < 20; ++i) times.add("a", seconds(100));
  TimeLeft left(times, 1);
  left.plan("a", 1, 11);
  left.done("a", seconds(1));
  EXPECT_EQ(left.left(), seconds(10));
}

TEST(TimeLeft, CountsHowManyRunAtATime) {
  TrialTimes times;
  TimeLeft left(times, 4);
  left.plan("two vCPUs", 2, 9);
  left.done("two vCPUs", seconds(1));
  EXPECT_EQ(left.left(), seconds(4)) << "8 trials, two at a time";
}

}  // namespace
}  // namespace remapstorm
