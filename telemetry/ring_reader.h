// SPDX-License-Identifier: Apache-2.0
// RingReader: takes the entries of one vCPU's ring (guest/abi) out of shared memory while the guest writes on.
//
// The guest is hostile: every value is checked, every loop is bounded by RS_RING_ENTRIES, and an index is always
// computed from our own count, never from the guest's. What is wrong comes back as text; from then on the reader yields
// nothing more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guest/abi/remapstorm_abi.h"
#include "telemetry/event.h"

namespace remapstorm {

// Guest counter to nanoseconds since the counter's zero. khz: KVM_GET_TSC_KHZ / CNTFRQ_EL0 in kHz, not 0. Saturates at
// the largest Nanoseconds.
Nanoseconds counter_to_ns(std::uint64_t counter, std::uint64_t khz);

class RingReader {
 public:
  RingReader(unsigned vcpu, std::uint64_t counter_khz) : vcpu_(vcpu), khz_(counter_khz) {}

  struct Batch {
    std::vector<Event> events;              // in order of sequence; `time` is what was passed in
    std::optional<std::string> corruption;  // set once, by the read that found it
    bool more = false;                      // reserved entries are not published yet
  };

  // A guest that waits for room in a full ring has reserved an entry or two beyond it; they are pending, not corrupt.
  // `ring`: exactly RS_RING_BYTES of shared guest memory, 8-byte aligned (else RS_CHECK). `head`: rs_vcpu_box.ring_head
  // as just loaded (acquire). Entries up to `head` that are published are consumed; the caller then stores tail() to
  // ring_tail. Not for two threads at once.
  //
  enum class Pending : std::uint8_t {
    ends_it,
    // Also entries behind one that is reserved and not published, which an NMI that interrupted its writer has logged;
    // to be asked for when that writer seems not to come back. The late entry comes when it is there.
    is_passed,
  };
  Batch read(std::span<const std::byte> ring, std::uint64_t head, Nanoseconds now, Pending pending = Pending::ends_it);

  // The published entry whose sequence ends in these 24 bits (operand of RS_OP_PROBE), consumed or not: for the runner
  // to match triggers at the doorbell. Empty if it is not there or not sound; read() reports why.
  [[nodiscard]] std::optional<Event> find(std::span<const std::byte> ring, std::uint32_t low24, Nanoseconds now) const;

  // Sequence of the last entry consumed.
  [[nodiscard]] std::uint64_t tail() const { return tail_; }
  [[nodiscard]] bool corrupt() const { return corrupt_; }
  // To begin behind entries a snapshot already holds.
  void start_at(std::uint64_t tail) {
    tail_ = tail;
    early_.clear();
  }

 private:
  enum class Slot : std::uint8_t { published, pending, foreign, torn };
  Slot load(std::span<const std::byte> ring, std::uint64_t sequence, rs_entry& entry) const;
  [[nodiscard]] std::optional<std::string> problem(const rs_entry& entry) const;
  [[nodiscard]] Event to_event(const rs_entry& entry, Nanoseconds now) const;

  unsigned vcpu_;
  std::uint64_t khz_;
  std::uint64_t tail_ = 0;
  std::vector<std::uint64_t> early_;  // sequences beyond tail_ that were given out already
  bool corrupt_ = false;
};

}  // namespace remapstorm
