// SPDX-License-Identifier: Apache-2.0
// What is done to a machine that stands still: snapshots, going back to one, stepping by hand, injecting where it
// stands.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "telemetry/ring_reader.h"
#include "trial/machine.h"

namespace remapstorm {

Status Machine::freeze() {
  Lock lock(mutex_);
  const bool out = pause(lock);
  if (log_ == nullptr) return {};
  for (unsigned index = 0; index < threads_.size(); ++index) {
    end_hold(index, threads_[index]->hold.give_up(log_->now()));
  }
  pump_->pump(*log_);
  frozen_since_ = log_->now();
  if (!out) return host_error("a vCPU did not come out of the guest");
  for (unsigned index = 0; index < threads_.size(); ++index) RS_TRY(vm_->vcpu(index).let_interrupts_in());
  if (stands_at_ || !vm_->state_plan().timers_follow_counter) return {};
  RS_ASSIGN(stands_at_, vm_->vcpu(0).guest_counter());
  return {};
}

Status Machine::keep_time() {
  if (!stands_at_) return {};
  RS_ASSIGN(const Nanoseconds before, guest_time());
  RS_TRY(vm_->set_counter(*stands_at_));
  RS_ASSIGN(const Nanoseconds after, guest_time());
  set_back_ += before - after;
  pump_->set_back(set_back_);
  return {};
}

// To keep a state takes time that the guest has not had: else a timer is due in it or not, as busy as the host was.
Result<std::uint64_t> Machine::standing_counter() const {
  if (stands_at_) return *stands_at_;
  return vm_->vcpu(0).guest_counter();
}

Status Machine::hold_timer(unsigned vcpu) {
  const Lock lock(mutex_);
  VcpuThread& held = *threads_[vcpu];
  if (!stands_at_ || held.timer_held) return {};
  RS_ASSIGN(held.timer_held, vm_->vcpu(vcpu).hold_timer());
  return {};
}

Status Machine::release_timers() {
  for (unsigned index = 0; index < threads_.size(); ++index) {
    if (std::exchange(threads_[index]->timer_held, false)) RS_TRY(vm_->vcpu(index).release_timer());
  }
  return {};
}

void Machine::goes_on() {
  static_cast<void>(release_timers());  // else it is a guest without a timer, which its watchdogs tell
  static_cast<void>(keep_time());       // else time has gone on for the guest
  stands_at_.reset();
  if (log_ != nullptr && frozen_since_) {
    const Nanoseconds now = log_->now();
    log_->add(-1, HarnessWorkEvent{now - *frozen_since_});
    for (const auto& vcpu_thread : threads_) vcpu_thread->hold.begin_again(now, given_.given());
  }
  frozen_since_.reset();
  paused_ = false;
  attend();
  changed_.notify_all();
}

void Machine::end() {
  const Lock lock(mutex_);
  log_ = nullptr;
  rules_ = nullptr;
  task_ = {};
}

void Machine::thaw(std::optional<unsigned> by_hand) {
  const Lock lock(mutex_);
  // If that fails so does its first step, which is told.
  if (by_hand) static_cast<void>(vm_->vcpu(*by_hand).shut_interrupts_out());
  for (unsigned index = 0; index < threads_.size(); ++index) threads_[index]->by_hand = by_hand == index;
  goes_on();
}

void Machine::release_ready() {
  const Lock lock(mutex_);
  state_.caught_ready = false;
  arm();
  goes_on();
}

void Machine::release_catch() {
  const Lock lock(mutex_);
  state_.caught.reset();
}

std::optional<Candidate> Machine::candidate_of(unsigned index, const Stop& stop) {
  const Lock lock(mutex_);
  if (const auto* at = std::get_if<BreakpointStop>(&stop)) {
    return Candidate{static_cast<int>(index), at->pc, std::nullopt};
  }
  const auto* bell = std::get_if<DoorbellStop>(&stop);
  if (bell == nullptr) return std::nullopt;
  if (RS_DOORBELL_OP(bell->value) == RS_OP_LOWER) lower_line(index, RS_DOORBELL_OPERAND(bell->value));
  if (RS_DOORBELL_OP(bell->value) == RS_OP_PROBE) return probe_candidate(index, RS_DOORBELL_OPERAND(bell->value));
  pump_->pump(*log_);
  return std::nullopt;
}

std::uint32_t Machine::inject(std::size_t rule, unsigned vcpu, Gva pc) {
  const Lock lock(mutex_);
  const Candidate here{static_cast<int>(vcpu), pc, std::nullopt};
  return rules_->act(rule, 1, here, place_of(here, inspector_->where(pc)), *this);
}

Result<MachineSnapshot> Machine::take_snapshot() {
  const Lock lock(mutex_);
  if (log_ != nullptr) pump_->pump(*log_);
  RS_TRY(release_timers());
  RS_TRY(keep_time());
  RS_ASSIGN(Snapshot guest, Snapshot::take(*vm_, *platform_));
  RS_ASSIGN(const std::uint64_t counter, standing_counter());
  return MachineSnapshot{std::move(guest), pump_->state(), counter};
}

Status Machine::restore(const MachineSnapshot& snapshot) {
  const Lock lock(mutex_);
  RS_TRY(snapshot.guest.restore(*vm_, *platform_));
  vm_->coalesced_writes().discard();
  // A guest at its ready doorbell has not read its workloads yet: they are this trial's.
  RS_TRY(mailbox_->set_workload(config_.workload_text));
  pump_->set_state(snapshot.rings);
  return {};
}

Status Machine::prepare_reset(const MachineSnapshot& snapshot) {
  if (reset_ && reset_to_ == &snapshot) return {};
  reset_.reset();  // only one at a time
  RS_ASSIGN(reset_, Reset::create(*vm_, *platform_, snapshot.guest));
  reset_to_ = &snapshot;
  return {};
}

void Machine::leave_reset() {
  reset_.reset();
  reset_to_ = nullptr;
}

Result<ResetCost> Machine::reset(const MachineCheckpoint* to) {
  const Lock lock(mutex_);
  RS_CHECK(reset_ != nullptr, "a reset without prepare_reset()");
  RS_ASSIGN(const ResetCost cost, reset_->run(to != nullptr ? &to->guest : nullptr));
  vm_->coalesced_writes().discard();
  pump_->set_state(to != nullptr ? to->rings : reset_to_->rings);
  counter_reset_ = to != nullptr ? to->counter : reset_to_->counter;
  set_back_ = Nanoseconds(0);
  pump_->set_back(set_back_);
  for (const auto& vcpu_thread : threads_) vcpu_thread->timer_held = false;  // the guest's own control is back
  if (vm_->state_plan().timers_follow_counter) stands_at_ = counter_reset_;
  return cost;
}

Result<MachineCheckpoint> Machine::take_checkpoint(const MachineCheckpoint* before) {
  const Lock lock(mutex_);
  RS_CHECK(reset_ != nullptr, "a checkpoint without prepare_reset()");
  if (log_ != nullptr) pump_->pump(*log_);
  RS_TRY(release_timers());
  RS_TRY(keep_time());
  RS_ASSIGN(Checkpoint guest, reset_->checkpoint(before != nullptr ? &before->guest : nullptr));
  RS_ASSIGN(const std::uint64_t counter, standing_counter());
  return MachineCheckpoint{std::move(guest), pump_->state(), counter};
}

void Machine::move_notes(const TimeShift& shift) {
  const Result<std::uint64_t> hz = vm_->vcpu(0).guest_counter_hz();
  if (hz && *hz >= 1000) pump_->move(counter_to_ns(counter_reset_, *hz / 1000), shift);
}

Result<Nanoseconds> Machine::guest_time() const {
  RS_ASSIGN(const std::uint64_t counter, vm_->vcpu(0).guest_counter());
  RS_ASSIGN(const std::uint64_t hz, vm_->vcpu(0).guest_counter_hz());
  if (hz < 1000) return host_error("the guest's counter runs at " + std::to_string(hz) + " Hz");
  return counter_to_ns(counter, hz / 1000) + set_back_;
}

// The two lines are not read at one moment: the closest of a few looks. In each the guest's comes first, as its events
// come to be known later than they were logged.
Result<TimeShift> Machine::time_shift(const StoppedAt& stopped, const EventLog& log) const {
  constexpr int kLooks = 5;
  std::optional<Nanoseconds> by;
  for (int look = 0; look < kLooks; ++look) {
    RS_ASSIGN(const Nanoseconds guest, guest_time());
    const Nanoseconds seen = (guest - stopped.guest_time) - (log.now() - stopped.trial_time);
    by = by ? std::max(*by, seen) : seen;
  }
  return TimeShift{stopped, *by};
}

}  // namespace remapstorm
