// SPDX-License-Identifier: Apache-2.0
// KVM_SET_GUEST_DEBUG and KVM_EXIT_DEBUG (KVM api.rst 4.87).
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <array>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/arch/x86_64/debug_registers.h"
#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/instruction.h"

namespace remapstorm::host_kvm {

Status set_guest_debug(int vcpu_fd, const DebugControl& control) {
  kvm_guest_debug debug = {};
  if (!control.breakpoints.empty()) {
    debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
    unsigned i = 0;
    for (const Gva address : control.breakpoints) debug.arch.debugreg[i++] = address.value;
    debug.arch.debugreg[7] = x86_64::dr7_execution(i);
  }
  if (control.step) debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
  if (control.block_interrupts) debug.control |= KVM_GUESTDBG_BLOCKIRQ;
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_SET_GUEST_DEBUG, &debug), "KVM_SET_GUEST_DEBUG"));
  return {};
}

Status begin_blocked_step(const VcpuFds& /*vcpu*/) { return {}; }
Status end_blocked_step(const VcpuFds& /*vcpu*/) { return {}; }

DebugExit decode_debug(const kvm_run& run) {
  DebugExit exit;
  exit.breakpoint = (run.debug.arch.dr6 & x86_64::kDr6BreakpointMask) != 0;
  exit.step = (run.debug.arch.dr6 & x86_64::kDr6SingleStep) != 0;
  return exit;
}

// INT3 comes to the host only with KVM_GUESTDBG_USE_SW_BP.
Status give_back(int /*vcpu_fd*/, const kvm_run& /*run*/) { return internal_error("no debug exit is the guest's own"); }

Result<BreakpointResume::Where> where(int vcpu_fd) {
  RS_ASSIGN(const x86_64::Registers regs, registers(vcpu_fd));
  return BreakpointResume::Where{Gva(regs.rip), Gva(regs.rsp)};
}

void share_registers(const Kvm& kvm, kvm_run& run) {
  if ((kvm.capability(KVM_CAP_SYNC_REGS) & KVM_SYNC_X86_REGS) != 0) run.kvm_valid_regs = KVM_SYNC_X86_REGS;
}

std::optional<BreakpointResume::Where> shared_where(const kvm_run& run) {
  if ((run.kvm_valid_regs & KVM_SYNC_X86_REGS) == 0) return std::nullopt;
  return BreakpointResume::Where{Gva(run.s.regs.regs.rip), Gva(run.s.regs.regs.rsp)};
}

namespace {

// The words from `address` on; those that are not mapped are zero. A frame may be the last thing on its stack page.
std::array<std::uint64_t, x86_64::kFrameWords> read_words(Gva address, const ReadVirtual& read) {
  std::array<std::uint64_t, x86_64::kFrameWords> words = {};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!read(address + 8 * i, std::as_writable_bytes(std::span(words).subspan(i, 1)))) words[i] = 0;
  }
  return words;
}

// Hardware runs through a handler at full speed; the step may then end far inside it, behind an instruction that KVM
// emulates. An interrupt without an error code or a stack of its own has pushed its frame where the stack pointer was,
// aligned (SDM volume 3, 6.14.2). One that is older than this step has no trap flag: it was taken out or never in.
std::optional<Gva> frame_below(const BreakpointResume::Where& before, const ReadVirtual& read) {
  const Gva at((before.sp.value & ~std::uint64_t{15}) - 8 * x86_64::kFrameOwnWords);
  const auto words = read_words(at, read);
  const bool traps = (words[x86_64::kFrameFlags] & x86_64::kFlagTrap) != 0;
  if (!traps || x86_64::find_frame_returning_to(words, before) != 0) return std::nullopt;
  return at;
}

void clear_saved_trap_flag(const AddressSpace& space, GuestMemory& memory, Gva saved_flags) {
  const PageWalk at = walk(kHostIsa, space, memory, saved_flags);
  if (!at.present()) return;
  const auto flags = memory.load<std::uint64_t>(*at.physical);
  if (flags) static_cast<void>(memory.store(*at.physical, *flags & ~x86_64::kFlagTrap));
}

}  // namespace

Result<BreakpointResume::StepOutcome> step_outcome(int vcpu_fd, const BreakpointResume::Where& before,
                                                   const BreakpointResume::Where& there, GuestMemory& memory) {
  // Nearly every step. What saves a context pushes five words or changes the stack; the rest of the state, three
  // ioctls, says nothing then.
  const std::uint64_t moved = there.sp.value - before.sp.value + 8;
  if (there.pc != before.pc && moved <= 16) return BreakpointResume::StepOutcome{there, {}, false};
  RS_ASSIGN(const CpuState now, state(vcpu_fd));
  const ReadVirtual read = virtual_reader(kHostIsa, now.space, memory);
  BreakpointResume::StepOutcome outcome;
  outcome.now = {now.pc, now.sp};
  if (outcome.now == before) {
    std::array<std::uint8_t, 15> code = {};
    if (read(before.pc, std::as_writable_bytes(std::span(code)))) outcome.unfinished = x86_64::is_repeated_string(code);
    return outcome;
  }
  std::optional<Gva> frame;
  if (const auto near = x86_64::find_frame_returning_to(read_words(now.sp, read), before)) {
    frame = now.sp + 8 * *near;
  } else {
    frame = frame_below(before, read);
  }
  if (frame) {
    outcome.saved = before;
    clear_saved_trap_flag(now.space, memory, *frame + 8 * x86_64::kFrameFlags);
  }
  return outcome;
}

Status clear_stray_step(int vcpu_fd) {
  RS_ASSIGN(x86_64::Registers regs, registers(vcpu_fd));
  if ((regs.rflags & x86_64::kFlagTrap) == 0) return {};
  regs.rflags &= ~x86_64::kFlagTrap;
  return set_registers(vcpu_fd, regs);
}

}  // namespace remapstorm::host_kvm
