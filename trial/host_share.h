// SPDX-License-Identifier: Apache-2.0
// HostShare: how much of the passing time the host really gave the guest. A limit on a guest's progress counted in wall
// time calls a guest hung when the host was only busy, or stopped it, or was suspended; so limits count given time.
//
// Given is what is proven to have been given: processor time that a vCPU's thread used, and time in which it slept of
// its own will (halted) while the one who looks was there to see it. Nothing is estimated by subtracting waits: a wait
// shows in the host's counters only when it is over, and that of a throttled, stopped or frozen thread never.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/thread_look.h"

namespace remapstorm {

// Pure. What one thread had of the time that passed, look by look.
class ThreadShare {
 public:
  // A look vouches for at most `vouched` before it. If the look before it is older, nobody knows what became of the
  // thread meanwhile: whoever looks was not run either, or the clock leapt.
  static constexpr Nanoseconds kVouched = std::chrono::milliseconds(10);
  // Whoever looks comes later than it wanted by more than this: what the thread did not run of that counts as lost.
  static constexpr Nanoseconds kAway = std::chrono::milliseconds(15);

  explicit ThreadShare(Nanoseconds vouched = kVouched) : vouched_(vouched) {}
  // `late`: by how much this look comes later than it was meant to.
  void advance(Nanoseconds now, const ThreadLook& look, Nanoseconds late = Nanoseconds(0));
  // Surely had, to run or to sleep as it liked, since the first look. Never too much but for `vouched` at each stop.
  [[nodiscard]] Nanoseconds had() const { return had_; }
  // As far as is known kept from it by the host since the thread began: waits that are over, whole intervals in which
  // it was ready and did not run, times in which nobody could look. The rest may have been anything.
  [[nodiscard]] Nanoseconds lost() const { return lost_; }

 private:
  Nanoseconds vouched_;
  std::optional<Nanoseconds> last_;
  ThreadLook before_;
  Nanoseconds had_{0};
  Nanoseconds lost_{0};
  Nanoseconds uncounted_{0};  // of lost_, what the host's counter of waits does not have
};

// Pure. Time passes only as fast as the slowest of several threads had it.
class GivenTime {
 public:
  // Threads that take turns on one processor have their time one after the other: that much of a lead is kept.
  static constexpr Nanoseconds kLead = std::chrono::milliseconds(100);
  // A longer time between two calls is an absence: a stopped process, a frozen group.
  static constexpr Nanoseconds kAbsence = std::chrono::seconds(1);

  // `had`: what each thread has had in all; one that was not there before begins now.
  void advance(Nanoseconds now, std::span<const Nanoseconds> had);
  // Since the first advance().
  [[nodiscard]] Nanoseconds given() const { return given_; }
  // Time since the first advance() without absences.
  [[nodiscard]] Nanoseconds attended() const { return attended_; }

 private:
  struct VcpuThread {
    Nanoseconds had{0};
    Nanoseconds lead{0};
  };
  std::optional<Nanoseconds> last_;
  std::vector<VcpuThread> threads_;
  Nanoseconds given_{0};
  Nanoseconds attended_{0};
};

// Pure. A limit in given time, with a bound on how long a host may take to give it.
class Timeout {
 public:
  // A host that takes more than this many times a limit to give the guest that much time is of no use.
  static constexpr int kMostStretch = 8;
  // A limit of less is no statement about the host, which gives time in pieces of some milliseconds.
  static constexpr Nanoseconds kLeast = std::chrono::seconds(1);
  // A guest's clock goes on while it is kept waiting: of time that the host withheld this part is owed to timer ticks
  // and what they begin, at once. Where the host gives little, the guest has time for nothing else: seen at 14 %, on a
  // host that interprets guest kernel code, with 5 s of processor time in 36 s and not one probe.
  static constexpr int kOwedPart = 10;
  enum class State : std::uint8_t { waiting, over, starved };

  void restart(Nanoseconds attended, Nanoseconds given) { since_ = attended, given_ = given; }
  [[nodiscard]] State check(Nanoseconds limit, Nanoseconds attended, Nanoseconds given) const {
    const Nanoseconds had = given - given_;
    const Nanoseconds withheld = std::max(Nanoseconds(0), attended - since_ - had);
    if (had - withheld / kOwedPart > limit) return State::over;
    return (attended - since_) / kMostStretch > std::max(limit, kLeast) ? State::starved : State::waiting;
  }

 private:
  Nanoseconds since_{0};
  Nanoseconds given_{0};
};

}  // namespace remapstorm
