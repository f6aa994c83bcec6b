// SPDX-License-Identifier: Apache-2.0
#include "telemetry/ring_reader.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "base/check.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kEntries = RS_RING_ENTRIES;
// A full ring: the guest reserves its next entry and then waits for tail, and an NMI may reserve one more on top of
// that.
constexpr std::uint64_t kReservedBeyond = 8;
constexpr std::uint64_t kLow24 = 0xffffff;
constexpr std::size_t kWords = sizeof(rs_entry) / sizeof(std::uint64_t);
static_assert(sizeof(rs_entry) == kWords * sizeof(std::uint64_t));

// The guest writes this memory from another thread of ours (KVM_RUN), so every access is an atomic one. atomic_ref
// wants a non-const object; nothing is ever stored through it.
std::uint64_t load_word(const std::byte* address, std::memory_order order) {
  auto* word = reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(address));
  return std::atomic_ref<std::uint64_t>(*word).load(order);
}

}  // namespace

Nanoseconds counter_to_ns(std::uint64_t counter, std::uint64_t khz) {
  RS_CHECK(khz != 0, "counter frequency is zero");
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::uint64_t milliseconds = counter / khz;
  if (milliseconds >= kMax / 1'000'000 - 1) return Nanoseconds(static_cast<std::int64_t>(kMax));
  // The rest is below khz; a clock of less than 18 THz cannot overflow here.
  const std::uint64_t rest =
      std::min<std::uint64_t>(counter % khz, std::numeric_limits<std::uint64_t>::max() / 1'000'000);
  return Nanoseconds(static_cast<std::int64_t>(milliseconds * 1'000'000 + rest * 1'000'000 / khz));
}

RingReader::Slot RingReader::load(std::span<const std::byte> ring, std::uint64_t sequence, rs_entry& entry) const {
  const std::byte* slot = ring.data() + ((sequence - 1) % kEntries) * sizeof(rs_entry);
  const std::uint64_t before = load_word(slot, std::memory_order_acquire);
  if (before != sequence) {
    // Not written yet in this lap: the slot still holds the entry of the lap before, or nothing.
    const bool previous_lap = sequence > kEntries && before == sequence - kEntries;
    return before == 0 || previous_lap ? Slot::pending : Slot::foreign;
  }
  std::uint64_t words[kWords];
  for (std::size_t i = 0; i < kWords; ++i) {
    words[i] = load_word(slot + i * sizeof(std::uint64_t), std::memory_order_relaxed);
  }
  // A writer that overtakes us stores the new sequence last, so a torn copy can keep the old one: head tells (see
  // read()). This catches the rest: a sequence that changed under the copy.
  std::atomic_thread_fence(std::memory_order_acquire);
  if (load_word(slot, std::memory_order_relaxed) != sequence || words[0] != sequence) return Slot::torn;
  entry.sequence = words[0];
  entry.tsc = words[1];
  entry.pc = words[2];
  entry.probe = static_cast<std::uint16_t>(words[3]);
  entry.vcpu = static_cast<std::uint16_t>(words[3] >> 16);
  entry.context = static_cast<std::uint32_t>(words[3] >> 32);
  for (std::size_t i = 0; i < 4; ++i) entry.args[i] = words[4 + i];
  return Slot::published;
}

std::optional<std::string> RingReader::problem(const rs_entry& entry) const {
  const std::string which = "entry " + std::to_string(entry.sequence) + " of vCPU " + std::to_string(vcpu_) + "'s ring";
  if (probe_by_number(entry.probe) == nullptr) {
    return which + " names probe " + std::to_string(entry.probe) + ", which does not exist";
  }
  if (entry.vcpu != vcpu_) return which + " claims to be of vCPU " + std::to_string(entry.vcpu);
  return std::nullopt;
}

Event RingReader::to_event(const rs_entry& entry, Nanoseconds now) const {
  ProbeEvent probe;
  probe.probe = entry.probe;
  probe.sequence = entry.sequence;
  probe.pc = Gva(entry.pc);
  probe.context = entry.context;
  std::copy(std::begin(entry.args), std::end(entry.args), probe.args.begin());
  if (entry.probe == RS_PROBE_BBM_WINDOW) {
    for (const std::size_t time : {1, 2}) {
      probe.args[time] = static_cast<std::uint64_t>(counter_to_ns(entry.args[time], khz_).count());
    }
  }
  Event event;
  event.time = now;
  event.guest_time = counter_to_ns(entry.tsc, khz_);
  event.vcpu = static_cast<int>(vcpu_);
  event.body = probe;
  return event;
}

RingReader::Batch RingReader::read(std::span<const std::byte> ring, std::uint64_t head, Nanoseconds now,
                                   Pending pending) {
  RS_CHECK(ring.size() == RS_RING_BYTES, "ring has the wrong size");
  RS_CHECK(reinterpret_cast<std::uintptr_t>(ring.data()) % alignof(std::uint64_t) == 0, "ring is not aligned");
  Batch batch;
  if (corrupt_) return batch;
  const auto fail = [&](std::string what) {
    corrupt_ = true;
    batch.corruption = std::move(what);
  };
  const std::string whose = "vCPU " + std::to_string(vcpu_) + "'s ring: ";
  if (head < tail_) {
    fail(whose + "head went back from " + std::to_string(tail_) + " to " + std::to_string(head));
    return batch;
  }
  if (head - tail_ > kEntries + kReservedBeyond) {
    fail(whose + "head " + std::to_string(head) + " is more than " + std::to_string(kEntries) +
         " entries beyond tail " + std::to_string(tail_));
    return batch;
  }
  bool gap = false;  // an entry before `sequence` is not there yet
  for (std::uint64_t sequence = tail_ + 1; sequence <= head; ++sequence) {
    const auto early = std::find(early_.begin(), early_.end(), sequence);
    if (early != early_.end()) {
      if (gap) continue;
      early_.erase(early);
      tail_ = sequence;
      continue;
    }
    rs_entry entry{};
    switch (load(ring, sequence, entry)) {
      case Slot::pending:
        batch.more = true;
        if (pending == Pending::ends_it) return batch;
        gap = true;
        continue;
      case Slot::foreign:
        fail(whose + "the slot of entry " + std::to_string(sequence) + " holds another sequence number");
        return batch;
      case Slot::torn:
        fail(whose + "entry " + std::to_string(sequence) + " was overwritten before it was read");
        return batch;
      case Slot::published:
        break;
    }
    if (auto what = problem(entry)) {
      fail(std::move(*what));
      return batch;
    }
    batch.events.push_back(to_event(entry, now));
    if (gap) {
      early_.push_back(sequence);
    } else {
      tail_ = sequence;
    }
  }
  return batch;
}

std::optional<Event> RingReader::find(std::span<const std::byte> ring, std::uint32_t low24, Nanoseconds now) const {
  RS_CHECK(ring.size() == RS_RING_BYTES, "ring has the wrong size");
  if (corrupt_) return std::nullopt;
  // The sequence nearest to tail with these low bits; the ring is far smaller than 2^24.
  const std::uint64_t oldest = tail_ > kEntries ? tail_ - kEntries : 0;
  std::uint64_t sequence = (oldest & ~kLow24) | (low24 & kLow24);
  if (sequence < oldest) sequence += kLow24 + 1;
  if (sequence <= oldest || sequence > tail_ + kEntries) return std::nullopt;
  rs_entry entry{};
  if (load(ring, sequence, entry) != Slot::published || problem(entry)) return std::nullopt;
  return to_event(entry, now);
}

}  // namespace remapstorm
