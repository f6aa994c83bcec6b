// SPDX-License-Identifier: Apache-2.0
// TrialLength: how long a trial took, from its events. Run, replay and pages say the same because they ask here.
#pragma once

#include <optional>

#include "telemetry/event.h"
#include "telemetry/guest_clock.h"

namespace remapstorm {

class TrialLength final : public EventSink {
 public:
  void on_event(const Event& event) override {
    last_ = GuestClock::bounded(event.time);
    const auto* lifecycle = std::get_if<LifecycleEvent>(&event.body);
    if (lifecycle != nullptr && lifecycle->what == LifecycleEvent::What::ready && !ready_) ready_ = last_;
  }
  [[nodiscard]] bool ready() const { return ready_.has_value(); }
  // From the ready doorbell, or where a snapshot of it goes on, to the newest event: at the end `end`. Host time; 0 if
  // the guest never was ready.
  [[nodiscard]] Nanoseconds length() const { return ready_ ? last_ - *ready_ : Nanoseconds{0}; }
  [[nodiscard]] Nanoseconds last() const { return last_; }

 private:
  std::optional<Nanoseconds> ready_;
  Nanoseconds last_{0};
};

}  // namespace remapstorm
