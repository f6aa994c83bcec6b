// SPDX-License-Identifier: Apache-2.0
// What each Stop of a vCPU means for the trial. Runs on that vCPU's thread with the machine's lock held.
#include <type_traits>

#include "link/test_interrupt.h"
#include "telemetry/probe_names.h"
#include "trial/machine.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {

using What = LifecycleEvent::What;

namespace {

ConsoleEvent::End event_end(LineEnd end) {
  switch (end) {
    case LineEnd::newline:
      return ConsoleEvent::End::newline;
    case LineEnd::more:
      return ConsoleEvent::End::more;
    case LineEnd::cut:
      return ConsoleEvent::End::cut;
  }
  return ConsoleEvent::End::newline;
}

}  // namespace

void Machine::on_stop(unsigned index, const Stop& stop) {
  if (stopping_) return;
  if (!std::holds_alternative<InterruptedStop>(stop) && !std::holds_alternative<HostErrorStop>(stop)) end_error(index);
  std::visit(
      [&](const auto& one) {
        using T = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<T, DoorbellStop>) {
          on_doorbell(index, one.value);
        } else if constexpr (std::is_same_v<T, BreakpointStop>) {
          pump_->pump(*log_);  // what was logged before it comes before it
          on_candidate(Candidate{static_cast<int>(index), one.pc, std::nullopt}, inspector_->where(one.pc));
        } else if constexpr (std::is_same_v<T, ShutdownStop>) {
          const Gva pc = inspector_->look(vm_->vcpu(index)).pc;
          // On SVM KVM resets a vCPU that shut down before anybody can look: the VMCB is undefined by then (APM vol. 2,
          // 15.14.3).
          retire(index, one.why == ShutdownStop::Why::triple_fault ? What::triple_fault : What::power_off,
                 pc == arch_of(kHostIsa).reset_pc ? "KVM has reset its registers" : inspector_->where(pc));
        } else if constexpr (std::is_same_v<T, HostErrorStop>) {
          retire(index, one.emulation_failure ? What::emulation_failure : What::host_failure,
                 one.emulation_failure ? inspector_->explain(one) : one.error.message);
        } else if constexpr (!std::is_same_v<T, InterruptedStop>) {
          retire(index, What::host_failure, "unexpected stop: " + describe(stop));
        }
      },
      stop);
}

void Machine::on_doorbell(unsigned index, std::uint32_t value) {
  const std::uint32_t operand = RS_DOORBELL_OPERAND(value);
  switch (RS_DOORBELL_OP(value)) {
    case RS_OP_PROBE:
      if (const auto candidate = probe_candidate(index, operand)) {
        const ProbeInfo* info = probe_by_number(candidate->probe->probe);
        on_candidate(*candidate, info != nullptr ? std::string(info->name) : std::string("unknown probe"));
      }
      break;
    case RS_OP_READY:
      if (!state_.ready) on_ready();
      break;
    case RS_OP_DONE:
      pump_->pump(*log_);
      if (!state_.done) log_->milestone(What::done, std::to_string(operand), static_cast<int>(index));
      state_.done = true;
      threads_[index]->retired = true;
      break;
    case RS_OP_DRAIN:
      pump_->pump(*log_);
      break;
    case RS_OP_PANIC:
      retire(index, What::panic, {});
      break;
    case RS_OP_POWEROFF:
      retire(index, What::power_off, {});
      break;
    case RS_OP_LOWER:
      lower_line(index, operand);
      break;
    default:
      bad_doorbell(index, "unknown doorbell value " + std::to_string(value));
  }
}

void Machine::lower_line(unsigned index, std::uint32_t kind) {
  const Status lowered = lower_test_interrupt(*vm_, index, kind);
  if (!lowered.ok()) bad_doorbell(index, lowered.error().message);
}

std::optional<Candidate> Machine::probe_candidate(unsigned index, std::uint32_t operand) {
  pump_->pump(*log_);
  const std::optional<Event> event = pump_->find(index, operand, log_->now());
  const auto* probe = event ? std::get_if<ProbeEvent>(&event->body) : nullptr;
  if (probe != nullptr) return Candidate{static_cast<int>(index), probe->pc, *probe};
  bad_doorbell(index, "a doorbell for an entry that is not in the ring");
  return std::nullopt;
}

// Each is a line of the log: a guest that rings nonsense without end must not fill it.
void Machine::bad_doorbell(unsigned index, const std::string& detail) {
  constexpr unsigned kMost = 32;
  if (++bad_doorbells_ >= kMost) return retire(index, What::ring_corrupt, detail + "; the last of too many");
  log_->milestone(What::ring_corrupt, detail, static_cast<int>(index));
}

void Machine::on_ready() {
  pump_->pump(*log_);
  state_.ready = true;
  log_->milestone(What::ready);
  if (!task_.catch_ready) return arm();
  state_.caught_ready = true;
  paused_ = true;
  changed_.notify_all();
}

void Machine::arm() {
  for (const std::uint16_t probe : task_.silent_probes) mailbox_->silence(probe);
  for (const std::uint16_t probe : task_.armed_probes) mailbox_->arm(probe);
  for (unsigned index = 0; index < threads_.size(); ++index) {
    threads_[index]->breakpoints_stale = true;
    if (!threads_[index]->parked) vm_->vcpu(index).kick();
  }
}

void Machine::on_candidate(const Candidate& candidate, const std::string& where) {
  for (unsigned index = 0; index < threads_.size(); ++index) {
    const auto current = threads_[index]->hold.current();
    if (current && current->until && matches(*current->until, candidate)) {
      end_hold(index, threads_[index]->hold.release(log_->now()));
    }
  }
  rules_->on_candidate(candidate, place_of(candidate, where), *this);
  if (task_.catch_at && !state_.caught && task_.catch_at(candidate)) {
    state_.caught = candidate;
    paused_ = true;
    for (unsigned index = 0; index < threads_.size(); ++index) {
      if (!threads_[index]->parked && index != static_cast<unsigned>(candidate.vcpu)) vm_->vcpu(index).kick();
    }
  }
  changed_.notify_all();
}

RuleEngine::Place Machine::place_of(const Candidate& candidate, const std::string& where) {
  return {where, [this, candidate] {
            return inspector_->lines_around(vm_->vcpu(static_cast<unsigned>(candidate.vcpu)), candidate.pc);
          }};
}

void Machine::retire(unsigned index, What what, const std::string& detail) {
  pump_->pump(*log_);
  threads_[index]->retired = true;
  state_.dead = true;
  log_->milestone(what, detail, static_cast<int>(index));
  changed_.notify_all();
}

void Machine::tell_held() {
  std::uint32_t vcpus = 0;
  for (unsigned index = 0; index < threads_.size(); ++index) {
    if (threads_[index]->hold.holding()) vcpus |= 1U << index;
  }
  mailbox_->set_held(vcpus);
}

void Machine::end_hold(unsigned index, const std::optional<HoldEnd>& end) {
  if (!end) return;
  if (end->request.soft) mailbox_->set_soft_hold(index, 0);
  tell_held();
  ReceiptEvent receipt;
  receipt.rule = rules_->rule_of(end->request.token);
  receipt.injector = "hold";
  receipt.phase = end->timed_out ? ReceiptEvent::Phase::failed : ReceiptEvent::Phase::ended;
  receipt.token = end->request.token;
  receipt.target_vcpu = static_cast<int>(index);
  receipt.detail = end->timed_out ? "what it waited for never came" : "";
  receipt.requested = end->request.until ? Nanoseconds(0) : end->request.length;
  receipt.measured = end->measured;
  log_->add(static_cast<int>(index), receipt);
  changed_.notify_all();
}

// An SError waits while it is masked; an external abort is taken by the first instruction that runs.
void Machine::end_error(unsigned index) {
  const auto error = threads_[index]->error;
  if (error.token == 0) return;
  const Result<bool> waits = vm_->vcpu(index).serror_waits();
  if (waits.ok() && *waits) return;
  threads_[index]->error = {};
  ReceiptEvent receipt;
  receipt.rule = rules_->rule_of(error.token);
  receipt.injector = injector_name(error.kind);
  receipt.phase = waits.ok() ? ReceiptEvent::Phase::ended : ReceiptEvent::Phase::failed;
  receipt.token = error.token;
  receipt.target_vcpu = static_cast<int>(index);
  if (!waits.ok()) receipt.detail = waits.error().message;
  log_->add(static_cast<int>(index), receipt);
}

void Machine::on_delay_end(const PageDelayEnd& end) {
  const Lock lock(mutex_);
  if (log_ == nullptr) return;
  if (end.late > Nanoseconds(0)) log_->add(-1, HostWaitEvent{end.late});
  ReceiptEvent receipt;
  receipt.rule = rules_->rule_of(end.token);
  receipt.injector = "stage2-delay";
  receipt.phase = end.error ? ReceiptEvent::Phase::failed : ReceiptEvent::Phase::ended;
  receipt.token = end.token;
  receipt.requested = end.requested;
  receipt.measured = end.measured;
  if (end.error) {
    receipt.detail = end.error->message;
  } else if (!end.measured) {
    receipt.detail = "nobody touched the page";
  }
  log_->add(-1, receipt);
}

void Machine::on_console_line(std::string_view line, LineEnd end) {
  const Lock lock(mutex_);
  if (log_ != nullptr) log_->add(-1, ConsoleEvent{std::string(line), event_end(end)});
}

}  // namespace remapstorm
