// SPDX-License-Identifier: Apache-2.0
// GuestClock: places guest times on the host's time line.
//
// The host learns of a probe event some time after it happened: at once for a doorbell, whenever the ring is next
// drained for the rest. So (host time seen - guest time) is the offset of the two clocks plus a delay that is never
// negative, and its minimum over all probe events of a trial is the best estimate of the offset: late by the shortest
// delay seen (one VM exit), never early. Both clocks count the same physical time, so differences need no correction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "telemetry/event.h"

namespace remapstorm {

class GuestClock {
 public:
  void observe(const Event& event) {
    if (!event.guest_time) return;
    const Nanoseconds offset = bounded(event.time) - bounded(*event.guest_time);
    offset_ = offset_ ? std::min(*offset_, offset) : offset;
  }
  [[nodiscard]] Nanoseconds to_host(Nanoseconds guest) const {
    return bounded(guest) + offset_.value_or(Nanoseconds{0});
  }
  // When the event happened, in host time: as good as its kind allows.
  [[nodiscard]] Nanoseconds when(const Event& event) const {
    return event.guest_time ? to_host(*event.guest_time) : bounded(event.time);
  }
  // 2^60 ns is 36 years: a guest that writes nonsense cannot overflow the sums of whoever uses these.
  static Nanoseconds bounded(std::uint64_t time) {
    return bounded(Nanoseconds(static_cast<std::int64_t>(std::min(time, std::uint64_t{1} << 60))));
  }
  static Nanoseconds bounded(Nanoseconds time) {
    constexpr Nanoseconds kBound{std::int64_t{1} << 60};
    return std::clamp(time, Nanoseconds{0}, kBound);
  }

 private:
  std::optional<Nanoseconds> offset_;
};

}  // namespace remapstorm
