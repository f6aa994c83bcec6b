// SPDX-License-Identifier: Apache-2.0
#include "trial/ring_pump.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kLatest = 1ULL << 62;  // of what a guest says that it read

}  // namespace

RingPump::RingPump(Mailbox& mailbox, unsigned vcpus, std::uint64_t counter_khz)
    : mailbox_(mailbox), pending_since_(vcpus) {
  for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu) readers_.emplace_back(vcpu, counter_khz);
}

std::size_t RingPump::pump(EventLog& log) {
  Corruption corruption;
  std::vector<Event> first = read_all(log.now(), corruption);
  const std::vector<Event> events = order_.take(std::move(first), read_all(log.now(), corruption));
  for (const Event& event : events) log.add(event);
  for (const auto& [vcpu, what] : corruption) {
    log.milestone(LifecycleEvent::What::ring_corrupt, what, static_cast<int>(vcpu));
  }
  return events.size();
}

std::vector<Event> RingPump::read_all(Nanoseconds now, Corruption& corruption) {
  std::vector<Event> events;
  for (unsigned vcpu = 0; vcpu < readers_.size(); ++vcpu) {
    RingReader& reader = readers_[vcpu];
    auto& since = pending_since_[vcpu];
    const bool stuck = since && now - *since >= kStuck;
    const auto pending = stuck ? RingReader::Pending::is_passed : RingReader::Pending::ends_it;
    const std::uint64_t tail = reader.tail();
    RingReader::Batch batch = reader.read(mailbox_.ring(vcpu), mailbox_.ring_head(vcpu), now, pending);
    mailbox_.set_ring_tail(vcpu, reader.tail());
    if (!batch.more) {
      since.reset();
    } else if (!since || reader.tail() != tail) {
      since = now;
    }
    std::move(batch.events.begin(), batch.events.end(), std::back_inserter(events));
    if (batch.corruption) corruption.emplace_back(vcpu, *batch.corruption);
  }
  for (Event& event : events) move_into_line(event);
  return events;
}

std::optional<Event> RingPump::find(unsigned vcpu, std::uint32_t low24, Nanoseconds now) const {
  return readers_[vcpu].find(mailbox_.ring(vcpu), low24, now);
}

void RingPump::move_into_line(Event& event) const {
  if (event.guest_time) *event.guest_time += set_back_;
  auto* probe = std::get_if<ProbeEvent>(&event.body);
  if (probe == nullptr || probe->probe != RS_PROBE_BBM_WINDOW) return;
  for (std::uint64_t* const counter : {&probe->args[1], &probe->args[2]}) {
    const Nanoseconds read(static_cast<std::int64_t>(std::min(*counter, kLatest)));
    *counter = static_cast<std::uint64_t>((read < moved_before_ ? shift_.of_counter(read) : read + set_back_).count());
  }
}

void RingPump::set_state(const State& state) {
  RS_CHECK(state.size() == readers_.size(), "ring readers of another machine");
  readers_ = state;
  order_.clear();
  pending_since_.assign(readers_.size(), std::nullopt);
  move(Nanoseconds(0), {});
}

}  // namespace remapstorm
