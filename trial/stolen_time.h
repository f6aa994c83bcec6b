// SPDX-License-Identifier: Apache-2.0
// StolenTime: how long the machine outside kept the processors of this host waiting. The lab is a host whose processors
// are threads of QEMU on another machine; its own Linux cannot tell when they do not run, the other one's can.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "trial/host_share.h"

namespace remapstorm {

// Pure. What all processors together waited: work that goes from one to the other and back waits for each of them. But
// never more than the time that passed, or the longest of their waits: that began before the last answer then, because
// a wait shows only when it is over.
class StolenSum {
 public:
  StolenSum(Nanoseconds now, std::vector<Nanoseconds> waited) : asked_(now), waited_(std::move(waited)) {}
  // `waited`: of each processor, in all; less than before is taken for no change.
  void advance(Nanoseconds now, std::span<const Nanoseconds> waited);
  // Since the beginning. Never less than before.
  [[nodiscard]] Nanoseconds sum() const { return sum_; }

 private:
  Nanoseconds asked_;
  std::vector<Nanoseconds> waited_;
  Nanoseconds sum_{0};
};

class StolenTime {
 public:
  // `tasks`: /proc/PID/task of that QEMU, as it is seen from in here (lab/init); its threads "CPU n/..." are the
  // processors. A thread asks for them every 50 ms: an answer takes milliseconds. Errors: host, if there are none. The
  // clock must outlive this.
  static Result<std::unique_ptr<StolenTime>> of_threads(const std::string& tasks, const Clock& clock);
  ~StolenTime();
  StolenTime(const StolenTime&) = delete;
  StolenTime& operator=(const StolenTime&) = delete;

  // As of the last answer. Any thread; never waits. How long the processors waited in all, for stalls that are over:
  [[nodiscard]] Nanoseconds read() const;
  // and what time each of them surely had (ThreadShare), for limits: appended to `had`.
  void append_had(std::vector<Nanoseconds>& had) const;

 private:
  explicit StolenTime(const Clock& clock) : clock_(clock) {}
  struct Processor {
    explicit Processor(const std::string& task) : watch(task) {}
    ThreadWatch watch;
    ThreadShare share{kVouchedFor};
    ThreadLook last;
  };
  // Twice what lies between two answers.
  static constexpr Nanoseconds kVouchedFor = std::chrono::milliseconds(100);
  [[nodiscard]] std::vector<Nanoseconds> ask();
  void ask_on();

  const Clock& clock_;
  std::vector<Processor> processors_;  // of thread_, once it runs
  mutable std::mutex mutex_;           // what follows
  std::condition_variable ended_;
  Nanoseconds stolen_{0};
  std::vector<Nanoseconds> had_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace remapstorm
