// SPDX-License-Identifier: Apache-2.0
// KVM_SET_GUEST_DEBUG and KVM_EXIT_DEBUG (KVM api.rst 4.87), and stepping. A step ends where an exception is taken
// (Arm ARM D2.12): nothing runs through a handler, and no flag of a step stays behind in what was saved.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/syscall.h"
#include "vmm/arch/arm64/debug_registers.h"
#include "vmm/arch/arm64/esr.h"
#include "vmm/arch/arm64/exception_entry.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/kvm/address_space.h"
#include "vmm/arch/arm64/kvm/one_reg.h"
#include "vmm/arch/arm64/kvm/vgic.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/arch/arm64/vectors.h"
#include "vmm/arch/host.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/exclusive_sequence.h"

namespace remapstorm::host_kvm {

Status set_guest_debug(int vcpu_fd, const DebugControl& control) {
  kvm_guest_debug debug = {};
  if (!control.breakpoints.empty()) {
    debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW;
    unsigned i = 0;
    for (const Gva address : control.breakpoints) {
      debug.arch.dbg_bvr[i] = arm64::breakpoint_value(address.value);
      debug.arch.dbg_bcr[i++] = arm64::breakpoint_control(arm64::kBreakpointEl1 | arm64::kBreakpointEl0);
    }
  }
  if (control.step) debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_SET_GUEST_DEBUG, &debug), "KVM_SET_GUEST_DEBUG"));
  return {};
}

// Only x86 has KVM_GUESTDBG_BLOCKIRQ. ICC_IGRPEN1_EL1 is what Linux sets when a CPU starts, and never reads.
namespace {
Status let_interrupts_in(const VcpuFds& vcpu, std::uint64_t enable) {
  if (vcpu.interrupt_controller < 0) return {};
  return set_vgic(vcpu.interrupt_controller, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS,
                  arm64::vcpu_attribute(vcpu.index, arm64::kGroup1Enable), &enable);
}
}  // namespace

Status begin_blocked_step(const VcpuFds& vcpu) { return let_interrupts_in(vcpu, 0); }
Status end_blocked_step(const VcpuFds& vcpu) { return let_interrupts_in(vcpu, 1); }

DebugExit decode_debug(const kvm_run& run) {
  DebugExit exit;
  const auto kind = static_cast<arm64::ExceptionClass>(arm64::exception_class(run.debug.arch.hsr));
  exit.breakpoint = kind == arm64::ExceptionClass::breakpoint_lower;
  exit.step = kind == arm64::ExceptionClass::step_lower;
  exit.guests_own = kind == arm64::ExceptionClass::brk64;
  return exit;
}

// While the host debugs a guest its BRK goes to the host, too (Arm ARM D2.4, MDCR_EL2.TDE); Linux has one in each
// WARN().
Status give_back(int vcpu_fd, const kvm_run& run) {
  RS_ASSIGN(const std::uint64_t pc, one_reg(vcpu_fd, arm64::kCorePc));
  RS_ASSIGN(const std::uint64_t pstate, one_reg(vcpu_fd, arm64::kCorePstate));
  RS_ASSIGN(const std::uint64_t sctlr, one_reg(vcpu_fd, arm64::kSctlrEl1));
  RS_ASSIGN(const std::uint64_t vbar, one_reg(vcpu_fd, arm64::kVbarEl1));
  const arm64::ExceptionEntry entry = arm64::enter_synchronous(pstate, sctlr, Gva(vbar));
  RS_TRY(set_one_reg(vcpu_fd, arm64::kEsrEl1, run.debug.arch.hsr));
  RS_TRY(set_one_reg(vcpu_fd, arm64::core_spsr(0), pstate));
  RS_TRY(set_one_reg(vcpu_fd, arm64::kCoreElrEl1, pc));
  RS_TRY(set_one_reg(vcpu_fd, arm64::kCorePstate, entry.pstate));
  return set_one_reg(vcpu_fd, arm64::kCorePc, entry.pc.value);
}

void share_registers(const Kvm& /*kvm*/, kvm_run& /*run*/) {}
std::optional<BreakpointResume::Where> shared_where(const kvm_run& /*run*/) { return std::nullopt; }

Result<std::vector<Gva>> interrupt_entries(int /*vcpu_fd*/, const GuestMemory& /*memory*/) {
  return std::vector<Gva>();
}

Result<std::vector<Gva>> ends_of_sequence(int vcpu_fd, Gva pc, const GuestMemory& memory, Leaving leaving) {
  const bool interrupts = leaving == Leaving::by_interrupts_too;
  RS_ASSIGN(const AddressSpace space, address_space(vcpu_fd));
  const auto sequence = exclusive_sequence(kHostIsa, pc, virtual_reader(kHostIsa, space, memory));
  if (!sequence) return std::vector<Gva>();
  RS_ASSIGN(const std::uint64_t pstate, one_reg(vcpu_fd, arm64::kCorePstate));
  RS_ASSIGN(const std::uint64_t vectors, one_reg(vcpu_fd, arm64::kVbarEl1));
  const Gva entries = Gva(vectors) + (arm64::is_user_mode(pstate) ? arm64::kFromEl0 : arm64::kFromEl1);
  std::vector<Gva> ends = {entries + arm64::kSynchronousEntry};
  if (interrupts) ends.push_back(entries + arm64::kIrqEntry);
  if (ends.size() + sequence->ends.size() > kMaxBreakpoints) return std::vector<Gva>();
  for (const ExclusiveSequence::End& end : sequence->ends) ends.push_back(end.pc);
  if (interrupts && ends.size() < kMaxBreakpoints) ends.push_back(entries + arm64::kSerrorEntry);
  return ends;
}

Result<FaultEntries> fault_entries(int /*vcpu_fd*/, const GuestMemory& /*memory*/) { return FaultEntries(); }

Status clear_step_of_caller(int /*vcpu_fd*/, const FaultEntries& /*entries*/, const BreakpointResume::Where& /*there*/,
                            const GuestMemory& /*memory*/) {
  return {};
}

Result<BreakpointResume::StepOutcome> step_outcome(int vcpu_fd, const BreakpointResume::Where& before,
                                                   const BreakpointResume::Where& there, GuestMemory& /*memory*/) {
  BreakpointResume::StepOutcome outcome{there, {}, false};
  RS_ASSIGN(const std::uint64_t vectors, one_reg(vcpu_fd, arm64::kVbarEl1));
  if (!arm64::is_vector(there.pc, Gva(vectors))) return outcome;
  RS_ASSIGN(const std::uint64_t from, one_reg(vcpu_fd, arm64::kCoreElrEl1));
  if (Gva(from) == before.pc) outcome.saved = before;
  return outcome;
}

Status clear_stray_step(int /*vcpu_fd*/) { return {}; }

}  // namespace remapstorm::host_kvm
