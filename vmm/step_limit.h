// SPDX-License-Identifier: Apache-2.0
// StepLimit: how long a single step may take. A guest can make one that has no end: hardware delivers an exception with
// the trap flag clear and runs through its handler.
#pragma once

#include "base/clock.h"

namespace remapstorm {

// While it exists, the calling thread is signalled (kick_signal.h) from time to time after it has spent kLongest of
// processor time since. Processor time: a busy or stopped host lengthens no step.
class StepLimit {
 public:
  static constexpr Nanoseconds kLongest = std::chrono::seconds(5);

  StepLimit();
  ~StepLimit();
  StepLimit(const StepLimit&) = delete;
  StepLimit& operator=(const StepLimit&) = delete;

  [[nodiscard]] bool passed() const;

 private:
  Nanoseconds began_;
};

}  // namespace remapstorm
