// SPDX-License-Identifier: Apache-2.0
// Repeater: calls a function at once and then every `period` in a thread of its own, until destroyed.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace remapstorm {

class Repeater {
 public:
  Repeater(Nanoseconds period, std::function<void()> work);
  ~Repeater();
  Repeater(const Repeater&) = delete;
  Repeater& operator=(const Repeater&) = delete;

 private:
  void repeat();

  Nanoseconds period_;
  std::function<void()> work_;
  std::mutex mutex_;  // over_
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace remapstorm
