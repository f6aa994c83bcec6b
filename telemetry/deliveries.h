// SPDX-License-Identifier: Apache-2.0
// Deliveries: from the injection of an interrupt or NMI to the first probe of its handler. The one place that knows
// which belongs to which; statistics, metrics and pages take the lengths from here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/event.h"
#include "telemetry/guest_clock.h"

namespace remapstorm {

struct Delivery {
  std::string injector;   // irq | nmi | call
  Nanoseconds took{0};    // host time
  bool answered = false;  // its handler ran to its end
};

class Deliveries {
 public:
  void fold(const Event& event);
  // The newest fired receipt merged with an interrupt that was still pending: the guest sees one of the two.
  [[nodiscard]] bool merged() const { return merged_; }
  // In the order of their tokens. At the end, when the clocks' offset is known best.
  [[nodiscard]] std::vector<Delivery> delivered(const GuestClock& clock) const;

 private:
  struct Injected {
    std::string injector;
    Nanoseconds at{0};                   // host time of the receipt
    std::optional<Nanoseconds> entered;  // guest time
    bool fired = false;
    bool answered = false;
  };
  void fold_receipt(const ReceiptEvent& receipt, Nanoseconds now);

  std::map<std::uint32_t, Injected> injected_;  // by token
  bool merged_ = false;
};

}  // namespace remapstorm
