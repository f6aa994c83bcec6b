// SPDX-License-Identifier: Apache-2.0
// HostShare: how much of the passing time the host really gave the guest. A limit on a guest's progress counted in wall
// time calls a guest hung when the host was only busy; so limits count given time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"

namespace remapstorm {

// Whether so long a wait of a vCPU for the host, of the time a trial took, makes its hang the host's: more than a
// fourth.
constexpr bool starved(Nanoseconds waited, Nanoseconds took) { return waited * 4 > took; }

// How long a thread of this process was ready to run while the host ran something else (second field of
// /proc/self/task/TID/schedstat, Documentation/scheduler/sched-stats.rst).
class RunDelay {
 public:
  // A kernel that does not count it (no CONFIG_SCHED_INFO) gives one that always reads 0.
  explicit RunDelay(pid_t thread);
  // `task`: the folder of any thread, /proc/PID/task/TID.
  explicit RunDelay(const std::string& task);
  // In all since the thread began; nothing once it has ended.
  [[nodiscard]] std::optional<Nanoseconds> read() const;

 private:
  Fd file_;
};

// Pure. Time passes only as fast as the vCPU that waited longest for the host allows.
class GivenTime {
 public:
  // `waited`: what each vCPU thread has waited in all. To be called often: waits are taken to lie evenly in between.
  void advance(Nanoseconds now, std::span<const Nanoseconds> waited);
  // Since the first advance().
  [[nodiscard]] Nanoseconds given() const { return given_; }

 private:
  std::optional<Nanoseconds> last_;
  std::vector<Nanoseconds> waited_;
  Nanoseconds given_{0};
};

// Pure. A limit in given time, with a bound on how long a host may take to give it.
class Patience {
 public:
  // A host that takes more than this many times a limit to give the guest that much time is of no use.
  static constexpr int kMostStretch = 8;
  enum class State : std::uint8_t { waiting, over, starved };

  void restart(Nanoseconds now, Nanoseconds given) { since_ = now, given_ = given; }
  [[nodiscard]] State check(Nanoseconds limit, Nanoseconds now, Nanoseconds given) const {
    if (given - given_ > limit) return State::over;
    return (now - since_) / kMostStretch > limit ? State::starved : State::waiting;
  }

 private:
  Nanoseconds since_{0};
  Nanoseconds given_{0};
};

}  // namespace remapstorm
