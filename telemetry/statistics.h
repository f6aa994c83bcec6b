// SPDX-License-Identifier: Apache-2.0
// TrialStatistics: the figures of one trial, for evidence and for dashboards. Lengths are guest time unless said
// otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/event.h"

namespace remapstorm {

// Of fewer lengths the 99th percentile is nothing but the longest: none is given.
inline constexpr std::uint64_t kEnoughForP99 = 100;

struct LengthSummary {
  std::uint64_t count = 0;
  Nanoseconds min{0};
  Nanoseconds p50{0};
  std::optional<Nanoseconds> p99;  // none: too few
  Nanoseconds max{0};
};

// The one place that computes percentiles (nearest rank). Keeps every length up to a bound, after that an evenly
// thinned sample; count, min and max stay exact.
class LengthSeries {
 public:
  void add(Nanoseconds length);
  [[nodiscard]] LengthSummary summary() const;

 private:
  std::vector<Nanoseconds> kept_;
  std::uint64_t count_ = 0;
  std::uint64_t stride_ = 1;
  Nanoseconds min_{0}, max_{0};
};

// |measured - requested| of an injector's lengths (holds, stage-2 delays), host time.
struct LengthError {
  std::uint64_t count = 0;
  Nanoseconds requested_max{0};
  Nanoseconds measured_max{0};
  Nanoseconds error_max{0};
};

struct TrialStatistics {
  std::map<std::string, std::uint64_t> probes;           // by probe name
  std::array<std::uint64_t, 4> faults{};                 // by context: task, softirq, hardirq, nmi
  std::map<std::string, std::uint64_t> fault_functions;  // by the function that faulted, where the events name it
  std::uint64_t windows_opened = 0;                      // bbm.break
  std::uint64_t windows_closed = 0;                      // bbm.make of a broken entry
  LengthSummary windows;                                 // cleared -> set; with inplace none
  LengthSummary break_to_make;                           // of recordings that do not tell windows
  LengthSummary fault_waits;                             // fault.enter -> fault.done
  LengthSummary lock_waits;                              // lock.want -> lock.got
  LengthSummary lock_holds;                              // lock.got -> lock.drop
  std::map<std::string, std::uint64_t> injections;       // fired, by injector; merged interrupts count once
  std::map<std::string, std::uint64_t> rule_firings;     // fired, by rule
  std::map<std::string, LengthError> injector_lengths;   // by injector: hold, stage2-delay
  LengthSummary delivery;                                // irq and nmi: receipt -> inject.enter seen, host time
  std::uint64_t injections_answered = 0;                 // inject.enter .. inject.leave of a token we sent
};

}  // namespace remapstorm
