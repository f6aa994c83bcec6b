// SPDX-License-Identifier: Apache-2.0
// Clock: injected, so that tests own the time.
#pragma once

#include <chrono>

namespace remapstorm {

using Nanoseconds = std::chrono::nanoseconds;

constexpr double in_seconds(Nanoseconds length) { return static_cast<double>(length.count()) / 1e9; }

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic time since an arbitrary start.
  [[nodiscard]] virtual Nanoseconds now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  [[nodiscard]] Nanoseconds now() const override {
    return std::chrono::duration_cast<Nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }
};

// For tests: stands still until advanced.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Nanoseconds now() const override { return now_; }
  void advance(Nanoseconds step) { now_ += step; }

 private:
  Nanoseconds now_{0};
};

}  // namespace remapstorm
