// SPDX-License-Identifier: Apache-2.0
// A trial that goes on from where a guest was stopped: what the guest logged before comes to lie where it would have
// logged it if it had not been stopped, and what it logged while it was taken on instruction by instruction where it
// stood. KVM cannot set every guest's counter back, and what the harness does there takes time that is not the guest's.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace remapstorm {

// Where a guest was stopped, on both lines. `set_back`: how much of its time its counter does not have, because it was
// set back (Machine::keep_time).
struct StoppedAt {
  Nanoseconds trial_time{0};
  Nanoseconds guest_time{0};
  Nanoseconds set_back{0};
};

struct TimeShift {
  StoppedAt stopped;
  Nanoseconds by{0};

  [[nodiscard]] Nanoseconds of(Nanoseconds guest_time) const { return std::min(guest_time, stopped.guest_time) + by; }
  // Of what the guest read from its counter then.
  [[nodiscard]] Nanoseconds of_counter(Nanoseconds counter) const { return of(counter + stopped.set_back); }
};

}  // namespace remapstorm
