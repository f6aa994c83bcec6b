// SPDX-License-Identifier: Apache-2.0
#include "campaign/worker_pool.h"

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "campaign/cpu_quota.h"

namespace remapstorm {
namespace {

constexpr auto kTick = std::chrono::milliseconds(100);

class PoolRun {
 public:
  PoolRun(std::size_t count, const WorkerPool& pool, const std::atomic<bool>& stop)
      : count_(count), pool_(pool), stop_(stop), free_(std::max(1U, pool.places)) {}

  Status run() {
    const std::size_t wanted = std::min<std::size_t>(free_, count_);
    std::vector<std::thread> threads;
    left_ = wanted;
    for (std::size_t i = 0; i < wanted; ++i) {
      threads.emplace_back([this, i] { work(static_cast<unsigned>(i)); });
    }
    {
      std::unique_lock lock(mutex_);
      while (!changed_.wait_for(lock, kTick, [this] { return left_ == 0; })) {
        lock.unlock();
        if (pool_.tick) pool_.tick();
        lock.lock();
      }
    }
    for (std::thread& thread : threads) thread.join();
    if (trouble_) return *trouble_;
    return {};
  }

 private:
  [[nodiscard]] unsigned weight_of(std::size_t number) const {
    const unsigned weight = pool_.weight ? std::max(1U, pool_.weight(number)) : 1;
    return std::min(weight, std::max(1U, pool_.places));
  }
  [[nodiscard]] bool over() const { return stop_ || trouble_ || next_ >= count_; }

  void work(unsigned worker) {
    std::unique_lock lock(mutex_);
    while (!over()) {
      if (pool_.ready) {
        lock.unlock();
        const Status ready = pool_.ready(worker);
        lock.lock();
        if (!ready.ok()) {
          if (left_ == 1 && !over()) trouble_ = ready.error();
          break;
        }
        if (over()) break;
      }
      // Whoever is next goes first, however heavy: the light ones behind it must not keep it out for ever.
      if (free_ < weight_of(next_)) {
        changed_.wait_for(lock, kTick);
        continue;
      }
      const std::size_t mine = next_++;
      const unsigned weight = weight_of(mine);
      free_ -= weight;
      lock.unlock();
      const Status status = pool_.work(worker, mine);
      lock.lock();
      free_ += weight;
      if (!status.ok() && !trouble_) trouble_ = status.error();
      changed_.notify_all();
    }
    --left_;
    changed_.notify_all();
  }

  const std::size_t count_;
  const WorkerPool& pool_;
  const std::atomic<bool>& stop_;
  std::mutex mutex_;  // everything below
  std::condition_variable changed_;
  unsigned free_;
  std::size_t next_ = 0;
  std::size_t left_ = 0;
  std::optional<Error> trouble_;
};

}  // namespace

Status work_through(std::size_t count, const WorkerPool& pool, const std::atomic<bool>& stop) {
  if (count == 0) return {};
  return PoolRun(count, pool, stop).run();
}

unsigned host_cpus() {
  cpu_set_t allowed;
  const bool known = ::sched_getaffinity(0, sizeof(allowed), &allowed) == 0;
  return usable_cpus(known ? static_cast<unsigned>(CPU_COUNT(&allowed)) : std::thread::hardware_concurrency(),
                     cpu_quota());
}

unsigned usable_cpus(unsigned allowed, std::optional<double> quota) {
  const unsigned most = std::max(1U, allowed);
  // A part of a processor runs no vCPU without keeping it waiting.
  return quota && *quota < most ? std::max(1U, static_cast<unsigned>(*quota)) : most;
}

unsigned guests_at_a_time(unsigned host_cpus, unsigned cpus) {
  return std::max(1U, std::max(1U, host_cpus) / std::max(1U, cpus));
}

}  // namespace remapstorm
