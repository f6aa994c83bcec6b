// SPDX-License-Identifier: Apache-2.0
// ThreadLook: what the host's scheduler tells of one thread at a moment.
#pragma once

#include <ctime>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/fd.h"

namespace remapstorm {

struct ThreadLook {
  Nanoseconds ran{0};     // processor time since it began
  Nanoseconds waited{0};  // ready to run, but not run, since it began. A wait is in here only once it is over
  // Sleeps of its own will and nobody has woken it: a halted vCPU, or one that the harness keeps parked. Not so one
  // that is stopped, frozen, throttled or waits for a disk.
  bool asleep = false;
};

// Source: /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst) and stat (proc(5)). A kernel without
// CONFIG_SCHED_INFO has no waits; without /proc no thread is ever asleep.
class ThreadWatch {
 public:
  // Looks at the thread that calls this, from any thread.
  static ThreadWatch of_this_thread();
  // `task`: the folder of any thread, /proc/PID/task/TID. What it ran is known to a tick.
  explicit ThreadWatch(const std::string& task);
  // Nothing once the thread has ended.
  [[nodiscard]] std::optional<ThreadLook> look() const;

 private:
  Fd stat_;
  Fd schedstat_;
  std::optional<clockid_t> clock_;
};

}  // namespace remapstorm
