// SPDX-License-Identifier: Apache-2.0
#include "harness/ring_pump.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace remapstorm {

RingPump::RingPump(Mailbox& mailbox, EventLog& log, unsigned vcpus, std::uint64_t counter_khz)
    : mailbox_(mailbox), log_(log) {
  for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu) readers_.emplace_back(vcpu, counter_khz);
}

std::size_t RingPump::pump() {
  std::vector<Event> events;
  std::vector<std::pair<unsigned, std::string>> corruption;
  for (unsigned vcpu = 0; vcpu < readers_.size(); ++vcpu) {
    RingReader& reader = readers_[vcpu];
    RingReader::Batch batch = reader.read(mailbox_.ring(vcpu), mailbox_.ring_head(vcpu), log_.now());
    mailbox_.set_ring_tail(vcpu, reader.tail());
    std::move(batch.events.begin(), batch.events.end(), std::back_inserter(events));
    if (batch.corruption) corruption.emplace_back(vcpu, *batch.corruption);
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.guest_time < b.guest_time; });
  for (const Event& event : events) log_.add(event);
  for (const auto& [vcpu, what] : corruption) {
    log_.milestone(LifecycleEvent::What::ring_corrupt, what, static_cast<int>(vcpu));
  }
  return events.size();
}

std::optional<Event> RingPump::find(unsigned vcpu, std::uint32_t low24) const {
  return readers_[vcpu].find(mailbox_.ring(vcpu), low24, log_.now());
}

}  // namespace remapstorm
