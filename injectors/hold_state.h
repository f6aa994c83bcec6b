// SPDX-License-Identifier: Apache-2.0
// HoldState: whether one vCPU is being kept from running, since when and until when. Pure; the owner of the vCPU's
// thread asks it before every entry into the guest and waits while it says so.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "plan/injection.h"

namespace remapstorm {

struct HoldRequest {
  std::uint32_t token = 0;  // of the injection
  bool soft = false;        // soft: the guest spins by itself, its vCPU keeps running
  // Length for a timed hold; for a rendezvous the longest it may last before it counts as failed, of time in which the
  // other vCPUs could run: a busy host is no reason.
  Nanoseconds length{0};
  std::optional<EventPattern> until;  // a rendezvous: only release() ends it well
};

struct HoldEnd {
  HoldRequest request;
  Nanoseconds measured{0};
  bool timed_out = false;  // a rendezvous whose condition never came
};

class HoldState {
 public:
  // `given`: time that the host gave the guest until now. False if a hold is already in force; the new one is then
  // refused.
  bool begin(const HoldRequest& request, Nanoseconds now, Nanoseconds given);
  // The hold in force, if any, begins now: until now all of the machine stood still.
  void begin_again(Nanoseconds now, Nanoseconds given);
  // Ends the hold in force, if any.
  std::optional<HoldEnd> release(Nanoseconds now);
  // Ends the hold in force, if any, with the trial: a rendezvous has failed.
  std::optional<HoldEnd> give_up(Nanoseconds now);
  // Ends the hold in force if its time is over.
  std::optional<HoldEnd> expire(Nanoseconds now, Nanoseconds given);

  [[nodiscard]] bool holding() const { return hold_.has_value(); }
  [[nodiscard]] bool keeps_from_running() const { return hold_.has_value() && !hold_->soft; }
  [[nodiscard]] std::optional<HoldRequest> current() const { return hold_; }
  // When a timed hold is over; a rendezvous has no such moment.
  [[nodiscard]] std::optional<Nanoseconds> deadline() const;

 private:
  std::optional<HoldRequest> hold_;
  Nanoseconds since_{0};
  Nanoseconds given_{0};  // then
};

}  // namespace remapstorm
