// SPDX-License-Identifier: Apache-2.0
// StolenTime: how long the machine outside kept the processors of this host waiting. The lab is a host whose processors
// are threads of QEMU on another machine; its own Linux cannot tell when they do not run, the other one's can.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "harness/host_share.h"

namespace remapstorm {

// Pure. What all processors together waited, but never more than the time that passed: work that goes from one to the
// other and back waits for each of them.
class StolenSum {
 public:
  StolenSum(Nanoseconds now, Nanoseconds waited) : asked_(now), waited_(waited) {}
  // `waited`: of all processors, in all; less than before is taken for no change.
  void advance(Nanoseconds now, Nanoseconds waited);
  // Since the beginning. Never less than before.
  [[nodiscard]] Nanoseconds sum() const { return sum_; }

 private:
  Nanoseconds asked_;
  Nanoseconds waited_;
  Nanoseconds sum_{0};
};

class StolenTime {
 public:
  // `tasks`: /proc/PID/task of that QEMU, as it is seen from in here (lab/x86/init); its threads "CPU n/..." are the
  // processors. A thread asks for them every 50 ms: an answer takes milliseconds. Errors: host, if there are none. The
  // clock must outlive this.
  static Result<std::unique_ptr<StolenTime>> of_threads(const std::string& tasks, const Clock& clock);
  ~StolenTime();
  StolenTime(const StolenTime&) = delete;
  StolenTime& operator=(const StolenTime&) = delete;

  // As of the last answer. Any thread; never waits.
  [[nodiscard]] Nanoseconds read() const { return Nanoseconds(stolen_ns_.load()); }

 private:
  explicit StolenTime(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] Nanoseconds waited() const;
  void ask_on();

  const Clock& clock_;
  std::vector<RunDelay> processors_;
  std::atomic<std::int64_t> stolen_ns_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace remapstorm
