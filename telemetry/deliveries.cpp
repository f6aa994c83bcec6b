// SPDX-License-Identifier: Apache-2.0
#include "telemetry/deliveries.h"

#include <algorithm>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/kinds.h"
#include "telemetry/open_spans.h"
#include "telemetry/probe_names.h"

namespace remapstorm {

void Deliveries::fold(const Event& event) {
  if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) {
    return fold_receipt(*receipt, GuestClock::bounded(event.time));
  }
  const auto* probe = std::get_if<ProbeEvent>(&event.body);
  if (probe == nullptr) return;
  const auto token = static_cast<std::uint32_t>(probe->args[1]);
  // The guest may be quicker than its receipt.
  if (probe->probe == RS_PROBE_INJECT_ENTER && injected_.size() < kMaxOpen) injected_[token].entered = event.guest_time;
  if (probe->probe == RS_PROBE_INJECT_LEAVE) {
    if (const auto found = injected_.find(token); found != injected_.end()) found->second.answered = true;
  }
}

void Deliveries::fold_receipt(const ReceiptEvent& receipt, Nanoseconds now) {
  if (receipt.phase != ReceiptEvent::Phase::fired) return;
  merged_ = false;
  if (!is_answered(injector_kind(receipt.injector))) return;
  if (injected_.size() >= kMaxOpen && !injected_.contains(receipt.token)) return;
  Injected& one = injected_[receipt.token];
  merged_ = one.fired;
  if (one.fired) return;
  one.injector = receipt.injector;
  one.at = now;
  one.fired = true;
}

std::vector<Delivery> Deliveries::delivered(const GuestClock& clock) const {
  std::vector<Delivery> all;
  for (const auto& [token, one] : injected_) {
    if (!one.fired || !one.entered) continue;
    all.push_back({one.injector, std::max(Nanoseconds{0}, clock.to_host(*one.entered) - one.at), one.answered});
  }
  return all;
}

}  // namespace remapstorm
