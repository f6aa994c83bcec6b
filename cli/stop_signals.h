// SPDX-License-Identifier: Apache-2.0
// StopSignals: while it lives, SIGINT, SIGTERM and SIGHUP set a flag instead of ending the process; a second one ends
// it at once. One that was ignored when the program began stays so: nohup, and jobs that a shell runs in the
// background, count on it. Made before any other thread, so that every thread inherits the blocked signals.
#pragma once

#include <atomic>
#include <csignal>
#include <thread>

namespace remapstorm {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  [[nodiscard]] const std::atomic<bool>& stop() const { return stop_; }
  // Which signal came first; 0: none.
  [[nodiscard]] int signal() const { return signal_; }

 private:
  void wait();

  sigset_t set_{};
  sigset_t before_{};
  std::atomic<bool> stop_{false};
  std::atomic<int> signal_{0};
  std::atomic<bool> over_{false};
  std::thread waiter_;
};

}  // namespace remapstorm
