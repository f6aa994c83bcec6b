// SPDX-License-Identifier: Apache-2.0
// ReportEnd: has a guest that reports something about itself said it? Some report thousands of times and would fill a
// trial with it. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace remapstorm {

class ReportEnd {
 public:
  // After a whole report, or since the console last grew: a deadlock that a report warns of comes at once or not at
  // all.
  static constexpr Nanoseconds kSettle = std::chrono::milliseconds(200);
  // Console bytes since the first report, some thousand lines.
  static constexpr std::uint64_t kFlood = 256 << 10;

  struct Seen {
    bool reported = false;
    bool complete = false;
    std::uint64_t console_written = 0;  // bytes since the guest booted
    Nanoseconds now{0};                 // time that the guest had
  };
  enum class State : std::uint8_t {
    listen,  // nothing reported, or not to its end
    heard,   // it has; said again each kSettle
    flood,   // there is no end of it
  };
  State look(const Seen& seen);

 private:
  std::optional<Nanoseconds> complete_at_;
  std::optional<std::uint64_t> began_at_;  // console bytes
  std::uint64_t written_ = 0;
  Nanoseconds grew_at_{0};
  std::optional<Nanoseconds> said_at_;
};

}  // namespace remapstorm
