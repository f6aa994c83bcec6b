// SPDX-License-Identifier: Apache-2.0
// RingPump: moves what the guest logged from all rings into the event log, in the order of the guest's clock within one
// call.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/event_log.h"
#include "injectors/mailbox.h"
#include "telemetry/ring_reader.h"

namespace remapstorm {

class RingPump {
 public:
  // Both must outlive this. `counter_khz`: rate of the guest's counter.
  RingPump(Mailbox& mailbox, EventLog& log, unsigned vcpus, std::uint64_t counter_khz);

  // Returns how many entries came. Corruption becomes one LifecycleEvent per ring.
  std::size_t pump();
  // The entry an RS_OP_PROBE doorbell speaks of; nothing if the guest rang for one that is not there.
  [[nodiscard]] std::optional<Event> find(unsigned vcpu, std::uint32_t low24) const;

 private:
  Mailbox& mailbox_;
  EventLog& log_;
  std::vector<RingReader> readers_;
};

}  // namespace remapstorm
