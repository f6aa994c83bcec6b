// SPDX-License-Identifier: Apache-2.0
// RingPump: moves what the guest logged from all rings into the event log, in the order of the guest's clock
// (ring_order.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "link/mailbox.h"
#include "telemetry/ring_reader.h"
#include "trial/event_log.h"
#include "trial/ring_order.h"
#include "trial/time_shift.h"

namespace remapstorm {

class RingPump {
 public:
  // `mailbox` must outlive this. `counter_khz`: rate of the guest's counter.
  RingPump(Mailbox& mailbox, unsigned vcpus, std::uint64_t counter_khz);

  // Returns how many entries came. Corruption becomes one LifecycleEvent per ring. Of a ring whose vCPU stands still
  // everything comes; what another vCPU logs meanwhile may come with the next call.
  //
  // An entry that stays unpublished for kStuck has been interrupted by an NMI that may never return: what that NMI
  // logged is then taken before it.
  std::size_t pump(EventLog& log);
  // The entry an RS_OP_PROBE doorbell speaks of; nothing if the guest rang for one that is not there.
  [[nodiscard]] std::optional<Event> find(unsigned vcpu, std::uint32_t low24, Nanoseconds now) const;

  // Where the reading is, to be kept beside a snapshot of the guest and put back with it.
  using State = std::vector<RingReader>;
  [[nodiscard]] State state() const { return readers_; }
  void set_state(const State& state);
  // What the guest reads from its counter from now on is so much earlier than the line of the events, because the
  // counter was set back while the guest stood still.
  void set_back(Nanoseconds length) { set_back_ = length; }
  // Until the next set_state(): what the guest read from its counter earlier than `before` moves as the events of that
  // time do. It is an argument of bbm.window.
  void move(Nanoseconds before, const TimeShift& shift) { moved_before_ = before, shift_ = shift; }

 private:
  static constexpr Nanoseconds kStuck{1'000'000};
  using Corruption = std::vector<std::pair<unsigned, std::string>>;  // vCPU, what
  std::vector<Event> read_all(Nanoseconds now, Corruption& corruption);
  void move_into_line(Event& event) const;

  Mailbox& mailbox_;
  std::vector<RingReader> readers_;
  std::vector<std::optional<Nanoseconds>> pending_since_;  // by vCPU
  Nanoseconds moved_before_{0};
  Nanoseconds set_back_{0};
  TimeShift shift_;
  RingOrder order_;
};

}  // namespace remapstorm
