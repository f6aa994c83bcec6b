// SPDX-License-Identifier: Apache-2.0
#include "base/repeater.h"

#include <utility>

namespace remapstorm {

Repeater::Repeater(Nanoseconds period, std::function<void()> work)
    : period_(period), work_(std::move(work)), thread_([this] { repeat(); }) {}

Repeater::~Repeater() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Repeater::repeat() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    lock.unlock();
    work_();
    lock.lock();
    changed_.wait_for(lock, period_, [this] { return over_; });
  }
}

}  // namespace remapstorm
