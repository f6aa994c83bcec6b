// SPDX-License-Identifier: Apache-2.0
#include "vmm/vcpu.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/dirty_tracker.h"
#include "vmm/kick_signal.h"
#include "vmm/page_walk.h"
#include "vmm/step_limit.h"

namespace remapstorm {
namespace {

// immediate_exit is written by kick() from other threads and read by the kernel.
void set_immediate_exit(kvm_run* run, bool on) {
  std::atomic_ref<std::uint8_t>(run->immediate_exit).store(on ? 1 : 0, std::memory_order_seq_cst);
}

Error endless_step() {
  return host_error("a step did not end within " + std::to_string(StepLimit::kLongest / std::chrono::seconds(1)) +
                    " s of processor time");
}

}  // namespace

Vcpu::Vcpu(const VcpuFds& fds, int vm_fd, Fd fd, Mapping run, std::optional<DirtyRing> dirty_ring, GuestMemory& memory,
           Bus& pio, Bus& mmio, CoalescedWrites& coalesced)
    : index_(fds.index),
      vm_fd_(vm_fd),
      interrupt_controller_(fds.interrupt_controller),
      fd_(std::move(fd)),
      run_mapping_(std::move(run)),
      run_(reinterpret_cast<kvm_run*>(run_mapping_.data())),
      dirty_ring_(std::move(dirty_ring)),
      memory_(memory),
      pio_(pio),
      mmio_(mmio),
      coalesced_(coalesced) {
  install_kick_signal();
}

Vcpu::~Vcpu() = default;

Stop Vcpu::run() {
  fault_entries_.reset();
  return loop(std::nullopt);
}
Stop Vcpu::step(Interrupts interrupts) { return loop(interrupts); }

Stop Vcpu::loop(std::optional<Interrupts> step) {
  running_thread_.store(::gettid(), std::memory_order_seq_cst);
  Stop stop = step == Interrupts::blocked ? step_blocked() : enter_until_stop(step);
  running_thread_.store(0, std::memory_order_seq_cst);
  return stop;
}

Status Vcpu::shut_interrupts_out() {
  if (!interrupts_out_) RS_TRY(host_kvm::begin_blocked_step(fds()));
  interrupts_out_ = true;
  return {};
}

Status Vcpu::let_interrupts_in() {
  if (interrupts_out_) RS_TRY(host_kvm::end_blocked_step(fds()));
  interrupts_out_ = false;
  return {};
}

Stop Vcpu::step_blocked() {
  if (interrupts_out_) return enter_until_stop(Interrupts::blocked);
  if (Status status = host_kvm::begin_blocked_step(fds()); !status.ok()) return host_stop(status.error());
  Stop stop = enter_until_stop(Interrupts::blocked);
  if (Status status = host_kvm::end_blocked_step(fds()); !status.ok()) return host_stop(status.error());
  return stop;
}

Stop Vcpu::enter_until_stop(std::optional<Interrupts> step) {
  // A step must not end on the rest of an instruction that was already reported.
  if (step) {
    if (Status status = settle(); !status.ok()) return host_stop(status.error());
  }
  std::vector<Gva> handlers;
  std::optional<StepLimit> limit;
  if (step) {
    auto entries = step_entries(*step);
    if (!entries.ok()) return host_stop(entries.error());
    handlers = *std::move(entries);
    limit.emplace();
  }
  for (;;) {
    // This order against kick(): it stores the request, sets immediate_exit, signals. A request stored after our look
    // sets immediate_exit after we cleared it, so KVM_RUN comes straight back.
    set_immediate_exit(run_, false);
    // A step does not stop inside a sequence, which would have to begin anew; StepLimit ends one without an end.
    const bool may_stop = !step || !step_from_ || run_to_.empty();
    if (may_stop && kicked_.exchange(false, std::memory_order_seq_cst)) return InterruptedStop{};

    auto stepping_over = must_step_over();
    if (!stepping_over.ok()) return host_stop(stepping_over.error());
    const Entry entry = step ? Entry::step : *stepping_over ? Entry::step_over : Entry::run;
    Debug debug{entry != Entry::run, step == Interrupts::blocked, step ? handlers : breakpoints_};
    if (entry == Entry::step_over) std::erase(debug.breakpoints, resume_.stepping_from()->pc);
    if (entry == Entry::run) {
      step_from_.reset();
      run_to_.clear();
    }
    if (entry != Entry::run) {
      if (Status status = begin_step(step.value_or(Interrupts::taken)); !status.ok()) return host_stop(status.error());
      if (!run_to_.empty()) debug = {false, debug.block_interrupts, run_to_};
    }
    if (Status status = apply_debug(std::move(debug)); !status.ok()) return host_stop(status.error());

    std::optional<Exit> exit = std::exchange(deferred_, std::nullopt);
    if (!exit) {
      access_pending_ = false;
      stands_.reset();
      const int failed = ::ioctl(fd_.get(), KVM_RUN, 0) != 0 ? errno : 0;
      coalesced_.deliver();
      if (failed != 0) {
        if (failed == EINTR || failed == EAGAIN) {
          ++exits_[Exit(InterruptedExit{}).index()];
          if (limit && limit->passed()) return host_stop(endless_step());
          continue;
        }
        return host_stop(errno_error("KVM_RUN", "vcpu " + std::to_string(index_), failed));
      }
      exit = decode_exit(*run_, run_mapping_.size());
      ++exits_[exit->index()];
    }

    if (const auto* hit = std::get_if<DebugExit>(&*exit)) {
      if (hit->guests_own) {
        if (Status status = host_kvm::give_back(fd_.get(), *run_); !status.ok()) return host_stop(status.error());
      }
      stands_ = host_kvm::shared_where(*run_);
      if (std::optional<Stop> stop = on_debug(*hit, entry)) return *std::move(stop);
      continue;
    }
    if (std::holds_alternative<DirtyRingFullExit>(*exit)) {
      if (Status status = empty_dirty_ring(); !status.ok()) return host_stop(status.error());
      continue;
    }
    Handled handled = handle_exit(*exit, pio_, mmio_, area());
    // Also without a stop: a kick may keep us from entering again, and whoever replaces KVM's state must know.
    access_pending_ = handled.completes_on_entry;
    if (!handled.stop) continue;
    if (auto* trouble = std::get_if<HostErrorStop>(&*handled.stop)) {
      if (auto now = host_kvm::where(fd_.get()); now.ok()) trouble->pc = now->pc;
    }
    return *std::move(handled.stop);
  }
}

// KVM comes back here at once, and for ever, if the ring does not get emptier.
Status Vcpu::empty_dirty_ring() {
  if (!dirty_ring_ || (dirty_ring_->harvest(memory_) == 0 && !dirty_ring_->give_back_lost())) {
    return host_error("KVM says that the dirty ring of vcpu " + std::to_string(index_) + " is full, and it is empty");
  }
  return reset_dirty_rings(vm_fd_);
}

bool Vcpu::harvest_dirty_ring() {
  RS_CHECK(dirty_ring_.has_value(), "this Vm has no dirty rings");
  dirty_ring_->harvest(memory_);
  return dirty_ring_->took_all();
}

Result<bool> Vcpu::must_step_over() {
  if (!resume_.stepping()) return false;
  RS_ASSIGN(const auto now, where());
  if (resume_.must_step(now)) return true;
  resume_.on_moved();
  return false;
}

Result<std::vector<Gva>> Vcpu::step_entries(Interrupts interrupts) {
  if (!fault_entries_) {
    RS_ASSIGN(fault_entries_, host_kvm::fault_entries(fd_.get(), memory_));
  }
  std::vector<Gva> entries;
  if (interrupts == Interrupts::taken) {
    RS_ASSIGN(entries, host_kvm::interrupt_entries(fd_.get(), memory_));
  }
  for (const std::optional<Gva>& one : {fault_entries_->page_fault, fault_entries_->system_call}) {
    if (one && std::ranges::find(entries, *one) == entries.end()) entries.push_back(*one);
  }
  RS_ASSIGN(const auto here, where());
  std::erase(entries, here.pc);
  return entries;
}

// A step that an access to a device interrupts goes on where it began.
Status Vcpu::begin_step(Interrupts interrupts) {
  if (step_from_) return {};
  RS_ASSIGN(step_from_, where());
  const auto leaving =
      interrupts == Interrupts::blocked ? host_kvm::Leaving::by_faults : host_kvm::Leaving::by_interrupts_too;
  RS_ASSIGN(run_to_, host_kvm::ends_of_sequence(fd_.get(), step_from_->pc, memory_, leaving));
  return {};
}

std::optional<Stop> Vcpu::on_debug(const DebugExit& exit, Entry entry) {
  const auto at = where();
  if (!at.ok()) return host_stop(at.error());
  // With breakpoints at the handlers' entries, too: a step ends there.
  if (entry == Entry::step) {
    if (Status status = end_step(); !status.ok()) return host_stop(status.error());
    return StepStop{at->pc};
  }
  // A processor may report a match with a register that is not enabled (SDM 18.2.3 on DR6): what a step over a
  // breakpoint that jumps to itself arrives at.
  if (exit.breakpoint && run_to_.empty() &&
      std::ranges::find(applied_.breakpoints, at->pc) != applied_.breakpoints.end()) {
    // Armed during a step over are only the other breakpoints: a handler ran into one before the step was done.
    if (entry == Entry::step_over) resume_.on_interrupted();
    if (resume_.on_hit(*at)) return BreakpointStop{at->pc};
    return std::nullopt;
  }
  if (entry == Entry::step_over) {
    if (Status status = note_step(); !status.ok()) return host_stop(status.error());
    return std::nullopt;
  }
  if (Status status = host_kvm::clear_stray_step(fd_.get()); !status.ok()) return host_stop(status.error());
  return std::nullopt;
}

Status Vcpu::end_step() {
  RS_TRY(note_step());
  RS_ASSIGN(const auto there, where());
  return host_kvm::clear_step_of_caller(fd_.get(), *fault_entries_, there, memory_);
}

// The step that began at step_from_ ended: tells the resume machine, if it waits for it.
Status Vcpu::note_step() const {
  if (!step_from_) return {};
  RS_ASSIGN(const auto there, where());
  RS_ASSIGN(const auto outcome, host_kvm::step_outcome(fd_.get(), *step_from_, there, memory_));
  step_from_.reset();
  run_to_.clear();
  if (resume_.stepping()) resume_.on_step(outcome);
  return {};
}

Status Vcpu::settle() const {
  if (!std::exchange(access_pending_, false)) return {};
  set_immediate_exit(run_, true);
  stands_.reset();
  const int result = ::ioctl(fd_.get(), KVM_RUN, 0);
  if (result != 0) {
    if (errno == EINTR || errno == EAGAIN) return {};
    return errno_error("KVM_RUN", "completing an access of vcpu " + std::to_string(index_), errno);
  }
  Exit exit = decode_exit(*run_, run_mapping_.size());
  // The step the access was part of has ended with it; nobody needs a stop of its own for that. Anything else, such as
  // the next access of a repeated instruction, is for the next run().
  if (std::holds_alternative<DebugExit>(exit)) return note_step();
  deferred_ = std::move(exit);
  return {};
}

Result<BreakpointResume::Where> Vcpu::where() const {
  if (!stands_) {
    RS_ASSIGN(stands_, host_kvm::where(fd_.get()));
  }
  return *stands_;
}

Status Vcpu::apply_debug(Debug wanted) {
  // KVM sets the trap flag with this call alone, and a step over POPF takes it away: the next one would run on.
  if (wanted == applied_ && !wanted.step) return {};
  RS_TRY(host_kvm::set_guest_debug(fd_.get(), {wanted.breakpoints, wanted.step, wanted.block_interrupts}));
  applied_ = std::move(wanted);
  return {};
}

void Vcpu::kick() {
  kicked_.store(true, std::memory_order_seq_cst);
  set_immediate_exit(run_, true);
  const pid_t thread = running_thread_.load(std::memory_order_seq_cst);
  if (thread != 0) signal_thread(thread);
}

Status Vcpu::nmi() {
  RS_TRY(check_call(::ioctl(fd_.get(), KVM_NMI, 0), "KVM_NMI", "vcpu " + std::to_string(index_)));
  return {};
}

Status Vcpu::serror(std::uint32_t syndrome) { return host_kvm::pend_serror(fd_.get(), syndrome); }

Result<bool> Vcpu::serror_waits() const { return host_kvm::serror_waits(fd_.get()); }

Status Vcpu::external_abort(Gva address) {
  RS_TRY(settle());
  return host_kvm::pend_external_abort(fd_.get(), address);
}

Status Vcpu::set_breakpoints(std::span<const Gva> addresses) {
  if (addresses.size() > host_kvm::kMaxBreakpoints) {
    return usage_error(std::to_string(addresses.size()) + " breakpoints on one vCPU: the hardware has " +
                       std::to_string(host_kvm::kMaxBreakpoints));
  }
  breakpoints_.assign(addresses.begin(), addresses.end());
  return {};
}

Status Vcpu::make_runnable() {
  kvm_mp_state mp = {};
  mp.mp_state = KVM_MP_STATE_RUNNABLE;
  RS_TRY(check_call(::ioctl(fd_.get(), KVM_SET_MP_STATE, &mp), "KVM_SET_MP_STATE", "vcpu " + std::to_string(index_)));
  return {};
}

Result<Vcpu::Readiness> Vcpu::readiness() const {
  RS_TRY(settle());
  kvm_mp_state mp = {};
  RS_TRY(check_call(::ioctl(fd_.get(), KVM_GET_MP_STATE, &mp), "KVM_GET_MP_STATE", "vcpu " + std::to_string(index_)));
  if (mp.mp_state != KVM_MP_STATE_RUNNABLE && mp.mp_state != KVM_MP_STATE_HALTED) return Readiness::absent;
  RS_ASSIGN(const bool nmi, host_kvm::nmi_waits(fd_.get()));
  if (nmi) return Readiness::takes_nmi;
  if (mp.mp_state != KVM_MP_STATE_RUNNABLE) return Readiness::halted;
  RS_ASSIGN(const CpuState now, state());
  return now.halted ? Readiness::halted : Readiness::runs;
}

Result<CpuState> Vcpu::state() const {
  RS_TRY(settle());
  RS_ASSIGN(CpuState now, host_kvm::state(fd_.get()));
  now.interrupts_enabled = host_kvm::interrupts_enabled(now, fds());
  now.halted = now.halted || host_kvm::waits_unsaid(now, memory_);
  return now;
}
Result<arch::Registers> Vcpu::registers() const {
  RS_TRY(settle());
  return host_kvm::registers(fd_.get());
}
Status Vcpu::set_registers(const arch::Registers& values) {
  RS_TRY(settle());
  stands_.reset();
  return host_kvm::set_registers(fd_.get(), values);
}
Result<arch::SystemRegisters> Vcpu::system_registers() const {
  RS_TRY(settle());
  return host_kvm::system_registers(fd_.get());
}
Status Vcpu::set_system_registers(const arch::SystemRegisters& values) {
  RS_TRY(settle());
  return host_kvm::set_system_registers(fd_.get(), values);
}
Result<std::uint64_t> Vcpu::guest_counter() const { return host_kvm::guest_counter(fd_.get()); }
Result<std::uint64_t> Vcpu::guest_counter_hz() const { return host_kvm::guest_counter_hz(fd_.get()); }
Result<bool> Vcpu::hold_timer() { return host_kvm::hold_timer(fd_.get()); }
Status Vcpu::release_timer() { return host_kvm::release_timer(fd_.get()); }

std::span<std::uint8_t> Vcpu::area() const {
  return {reinterpret_cast<std::uint8_t*>(run_mapping_.data()), run_mapping_.size()};
}

HostErrorStop Vcpu::host_stop(Error error) const {
  HostErrorStop stop;
  stop.error = std::move(error);
  if (auto now = host_kvm::where(fd_.get()); now.ok()) stop.pc = now->pc;
  return stop;
}

}  // namespace remapstorm
