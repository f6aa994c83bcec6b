// SPDX-License-Identifier: Apache-2.0
// Folds events into TrialStatistics.
#pragma once

#include <array>
#include <cstdint>
#include <set>

#include "telemetry/deliveries.h"
#include "telemetry/event.h"
#include "telemetry/spans.h"
#include "telemetry/statistics.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {

class StatisticsCollector {
 public:
  StatisticsCollector() : spans_([this](const Span& span) { add(span); }) {}
  StatisticsCollector(const StatisticsCollector&) = delete;
  StatisticsCollector& operator=(const StatisticsCollector&) = delete;

  void fold(const Event& event);
  [[nodiscard]] TrialStatistics statistics() const;

 private:
  void fold_receipt(const ReceiptEvent& receipt);
  void fold_probe(const ProbeEvent& probe);
  void add(const Span& span);

  TrialStatistics sums_;
  std::array<std::uint64_t, 128> probes_{};
  LengthSeries windows_, break_to_make_, fault_waits_, lock_waits_, lock_holds_;
  std::set<std::uint64_t> broken_;  // entries between bbm.break and bbm.make
  SpanFinder spans_;
  Deliveries deliveries_;
  Nanoseconds delay_late_{0};  // by the host, of the receipt that comes next
  SymbolMap symbols_;
};

}  // namespace remapstorm
