// SPDX-License-Identifier: Apache-2.0
#include "base/thread_look.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

namespace remapstorm {
namespace {

using std::chrono::milliseconds;

// A thread with something to do until stop(); one processor, if given.
class Busy {
 public:
  explicit Busy(std::optional<std::size_t> processor = std::nullopt) : thread_([this, processor] { spin(processor); }) {
    begun_.wait(false);
  }
  ~Busy() { stop(); }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::optional<ThreadLook> look() const { return watch_->look(); }

 private:
  void spin(std::optional<std::size_t> processor) {
    if (processor) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(*processor, &one);
      ::sched_setaffinity(0, sizeof(one), &one);
    }
    watch_.emplace(ThreadWatch::of_this_thread());
    begun_ = true;
    begun_.notify_all();
    while (!stop_) {
    }
  }

  std::atomic<bool> begun_{false};
  std::atomic<bool> stop_{false};
  std::optional<ThreadWatch> watch_;
  std::thread thread_;
};

TEST(ThreadWatch, SeesThatAnotherThreadHadTheCpu) {
  const auto cpu = static_cast<std::size_t>(::sched_getcpu());
  Busy a(cpu);
  const Busy b(cpu);
  const auto before = a.look();
  ASSERT_TRUE(before);
  // Two that never sleep on one CPU: each waits for the other.
  auto after = before;
  for (int i = 0; i < 1000 && after && after->waited - before->waited < milliseconds(20); ++i) {
    std::this_thread::sleep_for(milliseconds(5));
    after = a.look();
    EXPECT_FALSE(after && after->asleep);
  }
  ASSERT_TRUE(after);
  EXPECT_GE(after->waited - before->waited, milliseconds(20));
  EXPECT_GT(after->ran, before->ran);
  a.stop();
  EXPECT_FALSE(a.look()) << "the thread is gone";
}

TEST(ThreadWatch, SeesWhoSleeps) {
  std::atomic<bool> over{false};
  std::atomic<bool> begun{false};
  std::optional<ThreadWatch> watch;
  std::thread sleeper([&] {
    watch.emplace(ThreadWatch::of_this_thread());
    begun = true;
    begun.notify_all();
    over.wait(false);
  });
  begun.wait(false);
  std::optional<ThreadLook> look;
  for (int i = 0; i < 1000 && !(look && look->asleep); ++i) {
    std::this_thread::sleep_for(milliseconds(2));
    look = watch->look();
  }
  EXPECT_TRUE(look && look->asleep);
  over = true;
  over.notify_all();
  sleeper.join();
}

// A folder that looks like /proc/PID/task/TID.
class Task {
 public:
  Task() { std::filesystem::create_directories(folder()); }
  ~Task() { std::filesystem::remove_all(folder()); }
  static void write(const std::string& stat, const std::string& schedstat) {
    std::ofstream(folder() + "/stat") << stat;
    std::ofstream(folder() + "/schedstat") << schedstat;
  }
  static std::string folder() { return testing::TempDir() + "task-of-" + std::to_string(::getpid()); }
};

TEST(ThreadWatch, OnlyAnInterruptibleSleepIsOne) {
  const Task task;
  for (const char state : {'R', 'S', 'D', 'T', 't', 'I', 'Z', 'X'}) {
    Task::write(std::string("12 (a) S (b) ") + state + " 1 2 3\n", "100 20 3\n");
    const auto look = ThreadWatch(Task::folder()).look();
    ASSERT_TRUE(look) << state;
    EXPECT_EQ(look->asleep, state == 'S') << state;
    EXPECT_EQ(look->ran, Nanoseconds(100));
    EXPECT_EQ(look->waited, Nanoseconds(20));
  }
}

TEST(ThreadWatch, WhatCannotBeReadIsNothing) {
  EXPECT_FALSE(ThreadWatch("/nowhere/task").look());
  const Task task;
  for (const char* text : {"", "100", "100 ", "x 20 3", "100 x", "-1 20 3", "100 -20 3"}) {
    Task::write("12 (a) S 1\n", text);
    EXPECT_FALSE(ThreadWatch(Task::folder()).look()) << text;
  }
}

}  // namespace
}  // namespace remapstorm
