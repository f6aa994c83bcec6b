// SPDX-License-Identifier: Apache-2.0
// RemapPhases: how long each remap spent waiting for locks, flushing, and with a window open. Guest time.
//
// A remap is what its vCPU does in its context from remap.begin to remap.end; what interrupts it in between counts as
// part of the phase it interrupts. The phases do not overlap: a flush within a window is part of the window, and locks
// are not waited for in one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "telemetry/event.h"

namespace remapstorm {

struct RemapTimes {
  bool restore = false;
  Nanoseconds began{0};  // guest time
  Nanoseconds total{0};
  Nanoseconds lock_wait{0};
  Nanoseconds flush{0};   // outside of windows
  Nanoseconds window{0};  // cleared to set, the flush included
  [[nodiscard]] Nanoseconds other() const { return std::max(Nanoseconds{0}, total - lock_wait - flush - window); }
};

class RemapPhases {
 public:
  // `now`: guest time of the probe. A remap, if this probe ended it.
  // Recordings that do not tell windows have none here: their `flush` is all there is, and `other` the rest.
  std::optional<RemapTimes> fold(int vcpu, const ProbeEvent& probe, Nanoseconds now);

 private:
  struct Open {
    std::uint64_t start = 0, end = 0;
    int vcpu = -1;
    std::uint32_t context = 0;  // level
    Nanoseconds since{0};
    std::optional<Nanoseconds> lock_since, flush_since;
    std::vector<std::pair<Nanoseconds, Nanoseconds>> flushes;  // since the last window; bounded
    RemapTimes times;
  };
  std::vector<Open> open_;
};

}  // namespace remapstorm
