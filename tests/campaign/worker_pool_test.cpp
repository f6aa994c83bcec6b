// SPDX-License-Identifier: Apache-2.0
#include "campaign/worker_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <set>
#include <thread>

namespace remapstorm {
namespace {

class WorkerPoolAtWork : public testing::Test {
 protected:
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::set<std::size_t> done_;
  unsigned busy_ = 0, most_busy_ = 0;

  Status work(std::size_t number, unsigned weight) {
    {
      const std::lock_guard lock(mutex_);
      busy_ += weight;
      most_busy_ = std::max(most_busy_, busy_);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::lock_guard lock(mutex_);
    busy_ -= weight;
    EXPECT_TRUE(done_.insert(number).second) << number << " was done twice";
    return {};
  }
};

TEST_F(WorkerPoolAtWork, DoesEachPieceOnceAndNeverMoreAtATimeThanThereArePlaces) {
  WorkerPool pool;
  pool.places = 4;
  const auto weight = [](std::size_t number) { return static_cast<unsigned>(number % 3 + 1); };
  pool.weight = weight;
  pool.work = [&](unsigned worker, std::size_t number) {
    EXPECT_LT(worker, 4U);
    return work(number, weight(number));
  };
  EXPECT_TRUE(work_through(100, pool, stop_).ok());
  EXPECT_EQ(done_.size(), 100U);
  EXPECT_LE(most_busy_, 4U);
  EXPECT_GE(most_busy_, 3U);
}

TEST_F(WorkerPoolAtWork, APieceHeavierThanAllPlacesRunsAlone) {
  WorkerPool pool;
  pool.places = 2;
  pool.weight = [](std::size_t) { return 8U; };
  pool.work = [&](unsigned, std::size_t number) { return work(number, 1); };
  EXPECT_TRUE(work_through(10, pool, stop_).ok());
  EXPECT_EQ(done_.size(), 10U);
  EXPECT_EQ(most_busy_, 1U);
}

TEST_F(WorkerPoolAtWork, AWorkerThatIsNotReadyLeavesItsWorkToTheOthers) {
  WorkerPool pool;
  pool.places = 3;
  std::atomic<unsigned> asked{0};
  pool.ready = [&](unsigned worker) -> Status {
    if (worker == 1 || (worker == 2 && ++asked > 3)) return host_error("no machine");
    return {};
  };
  pool.work = [&](unsigned worker, std::size_t number) {
    EXPECT_NE(worker, 1U);
    return work(number, 1);
  };
  EXPECT_TRUE(work_through(50, pool, stop_).ok());
  EXPECT_EQ(done_.size(), 50U);
}

TEST_F(WorkerPoolAtWork, WithoutAnyWorkerItIsAnError) {
  WorkerPool pool;
  pool.places = 3;
  pool.ready = [](unsigned) -> Status { return host_error("no machine"); };
  pool.work = [&](unsigned, std::size_t number) { return work(number, 1); };
  EXPECT_EQ(work_through(50, pool, stop_).error().message, "no machine");
  EXPECT_TRUE(done_.empty());
}

TEST_F(WorkerPoolAtWork, AnErrorEndsIt) {
  WorkerPool pool;
  pool.places = 3;
  pool.work = [&](unsigned, std::size_t number) -> Status {
    if (number == 5) return host_error("disk full");
    return work(number, 1);
  };
  const Status ended = work_through(1000, pool, stop_);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().message, "disk full");
  EXPECT_LT(done_.size(), 20U);
}

TEST_F(WorkerPoolAtWork, StopEndsIt) {
  WorkerPool pool;
  pool.places = 2;
  pool.work = [&](unsigned, std::size_t number) {
    if (number == 3) stop_ = true;
    return work(number, 1);
  };
  EXPECT_TRUE(work_through(1000, pool, stop_).ok());
  EXPECT_LT(done_.size(), 10U);
}

TEST(GuestsAtATime, AreAsManyAsThereAreProcessorsForTheirVcpus) {
  EXPECT_EQ(guests_at_a_time(2, 2), 1U);
  EXPECT_EQ(guests_at_a_time(2, 1), 2U);
  EXPECT_EQ(guests_at_a_time(1, 2), 1U);
  EXPECT_EQ(guests_at_a_time(96, 2), 48U);
  EXPECT_EQ(guests_at_a_time(0, 0), 1U);
}

}  // namespace
}  // namespace remapstorm
