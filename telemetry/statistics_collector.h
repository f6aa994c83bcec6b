// SPDX-License-Identifier: Apache-2.0
// Folds events into TrialStatistics.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "telemetry/event.h"
#include "telemetry/guest_clock.h"
#include "telemetry/statistics.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {

class StatisticsCollector {
 public:
  void fold(const Event& event);
  [[nodiscard]] TrialStatistics statistics() const;

 private:
  using Place = std::pair<int, std::uint32_t>;  // vCPU, context level
  void fold_receipt(const Event& event, const ReceiptEvent& receipt);
  void fold_probe(const Event& event, const ProbeEvent& probe);
  void fold_lengths(const ProbeEvent& probe, Place place, Nanoseconds now);

  TrialStatistics sums_;
  std::array<std::uint64_t, 128> probes_{};
  LengthSeries windows_, fault_waits_, lock_waits_, lock_holds_;
  std::map<std::uint64_t, Nanoseconds> open_windows_;  // by entry; guest time
  std::map<Place, Nanoseconds> open_faults_, open_waits_;
  std::map<std::uint64_t, Nanoseconds> open_holds_;  // by lock
  struct Injected {
    Nanoseconds at{0};                   // host time of the receipt
    std::optional<Nanoseconds> entered;  // guest time
    bool fired = false;
    bool answered = false;
  };
  std::map<std::uint32_t, Injected> injected_;  // irq and nmi, by token
  Nanoseconds delay_late_{0};                   // by the host, of the receipt that comes next
  GuestClock clock_;
  SymbolMap symbols_;
};

}  // namespace remapstorm
