// SPDX-License-Identifier: Apache-2.0
// EventLog: gives every event its time and its place in the order, and hands it to the sinks. Not thread-safe: the
// Machine's lock orders its callers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "telemetry/event.h"

namespace remapstorm {

class EventLog {
 public:
  // Everything must outlive the log. The time is `now`: not 0 for one that goes on where a snapshot was taken.
  EventLog(const Clock& clock, std::vector<EventSink*> sinks, Nanoseconds now = Nanoseconds(0))
      : clock_(clock), sinks_(std::move(sinks)), started_(clock.now() - now) {}

  [[nodiscard]] Nanoseconds now() const { return clock_.now() - started_; }
  // Events that something happened in; what host or harness did meanwhile is none.
  [[nodiscard]] std::uint64_t count() const { return count_; }

  void add(int vcpu, EventBody body) { add(Event{now(), std::nullopt, vcpu, std::move(body)}); }
  void add(const Event& event) {
    if (!std::holds_alternative<HostWaitEvent>(event.body) && !std::holds_alternative<HarnessWorkEvent>(event.body)) {
      ++count_;
    }
    for (EventSink* sink : sinks_) sink->on_event(event);
  }
  void milestone(LifecycleEvent::What what, std::string detail = {}, int vcpu = -1) {
    add(vcpu, LifecycleEvent{what, std::move(detail)});
  }

 private:
  const Clock& clock_;
  std::vector<EventSink*> sinks_;
  Nanoseconds started_;
  std::uint64_t count_ = 0;
};

}  // namespace remapstorm
