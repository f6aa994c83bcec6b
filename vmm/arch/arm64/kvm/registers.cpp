// SPDX-License-Identifier: Apache-2.0
// KVM_GET_ONE_REG, KVM_SET_ONE_REG (KVM api.rst 4.68, 4.69).
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <array>

#include "base/syscall.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/instructions.h"
#include "vmm/arch/arm64/kvm/address_space.h"
#include "vmm/arch/arm64/kvm/one_reg.h"
#include "vmm/arch/arm64/kvm/vgic.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/arch/host_kvm.h"

namespace remapstorm::host_kvm {
namespace {

// Each costs an ioctl, which in an emulated host is 10 us: what a look needs is read one by one.
struct Field {
  std::uint64_t arm64::SystemRegisters::*field;
  std::uint64_t id;
};
constexpr Field kSystem[] = {
    {&arm64::SystemRegisters::sctlr_el1, arm64::kSctlrEl1}, {&arm64::SystemRegisters::tcr_el1, arm64::kTcrEl1},
    {&arm64::SystemRegisters::mair_el1, arm64::kMairEl1},   {&arm64::SystemRegisters::ttbr0_el1, arm64::kTtbr0El1},
    {&arm64::SystemRegisters::ttbr1_el1, arm64::kTtbr1El1}, {&arm64::SystemRegisters::vbar_el1, arm64::kVbarEl1},
    {&arm64::SystemRegisters::esr_el1, arm64::kEsrEl1},     {&arm64::SystemRegisters::far_el1, arm64::kFarEl1},
    {&arm64::SystemRegisters::mpidr_el1, arm64::kMpidrEl1},
};

constexpr std::uint64_t kMmuOn = 1;  // SCTLR_EL1.M

// The stack pointer that the vCPU uses now: SP_EL0, or SP_EL1 (PSTATE.SP at EL1).
Result<Gva> stack_pointer(int vcpu_fd, std::uint64_t pstate) {
  const bool el1h = (pstate & arm64::kPstateModeMask) == arm64::kPstateEl1h;
  RS_ASSIGN(const std::uint64_t sp, one_reg(vcpu_fd, el1h ? arm64::kCoreSpEl1 : arm64::kCoreSp));
  return Gva(sp);
}

}  // namespace

Result<arch::Registers> registers(int vcpu_fd) {
  arm64::Registers out;
  for (unsigned n = 0; n < out.x.size(); ++n) {
    RS_ASSIGN(out.x[n], one_reg(vcpu_fd, arm64::core_x(n)));
  }
  RS_ASSIGN(out.sp, one_reg(vcpu_fd, arm64::kCoreSp));
  RS_ASSIGN(out.pc, one_reg(vcpu_fd, arm64::kCorePc));
  RS_ASSIGN(out.pstate, one_reg(vcpu_fd, arm64::kCorePstate));
  RS_ASSIGN(out.sp_el1, one_reg(vcpu_fd, arm64::kCoreSpEl1));
  RS_ASSIGN(out.elr_el1, one_reg(vcpu_fd, arm64::kCoreElrEl1));
  return out;
}

Status set_registers(int vcpu_fd, const arch::Registers& in) {
  for (unsigned n = 0; n < in.x.size(); ++n) RS_TRY(set_one_reg(vcpu_fd, arm64::core_x(n), in.x[n]));
  RS_TRY(set_one_reg(vcpu_fd, arm64::kCoreSp, in.sp));
  RS_TRY(set_one_reg(vcpu_fd, arm64::kCorePc, in.pc));
  RS_TRY(set_one_reg(vcpu_fd, arm64::kCorePstate, in.pstate));
  RS_TRY(set_one_reg(vcpu_fd, arm64::kCoreSpEl1, in.sp_el1));
  return set_one_reg(vcpu_fd, arm64::kCoreElrEl1, in.elr_el1);
}

Result<arch::SystemRegisters> system_registers(int vcpu_fd) {
  arm64::SystemRegisters out;
  for (const Field& one : kSystem) {
    RS_ASSIGN(out.*one.field, one_reg(vcpu_fd, one.id));
  }
  return out;
}

Status set_system_registers(int vcpu_fd, const arch::SystemRegisters& in) {
  for (const Field& one : kSystem) RS_TRY(set_one_reg(vcpu_fd, one.id, in.*one.field));
  return {};
}

Result<AddressSpace> address_space(int vcpu_fd) {
  RS_ASSIGN(const std::uint64_t sctlr, one_reg(vcpu_fd, arm64::kSctlrEl1));
  RS_ASSIGN(const std::uint64_t ttbr0, one_reg(vcpu_fd, arm64::kTtbr0El1));
  RS_ASSIGN(const std::uint64_t ttbr1, one_reg(vcpu_fd, arm64::kTtbr1El1));
  AddressSpace space;
  space.paging = (sctlr & kMmuOn) != 0;
  // Without the ASID in bits 63:48 and CnP in bit 0.
  space.root = Gpa(ttbr1 & arm64::kTtbrAddressMask);
  space.user_root = Gpa(ttbr0 & arm64::kTtbrAddressMask);
  return space;
}

Result<CpuState> state(int vcpu_fd) {
  CpuState out;
  RS_ASSIGN(out.flags, one_reg(vcpu_fd, arm64::kCorePstate));
  RS_ASSIGN(const std::uint64_t pc, one_reg(vcpu_fd, arm64::kCorePc));
  RS_ASSIGN(out.sp, stack_pointer(vcpu_fd, out.flags));
  RS_ASSIGN(const std::uint64_t frame, one_reg(vcpu_fd, arm64::core_x(29)));
  RS_ASSIGN(out.space, address_space(vcpu_fd));
  kvm_mp_state mp = {};
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_MP_STATE, &mp), "KVM_GET_MP_STATE"));
  out.pc = Gva(pc);
  out.frame_pointer = Gva(frame);
  out.interrupts_enabled = arm64::interrupts_enabled(out.flags);
  out.user_mode = arm64::is_user_mode(out.flags);
  out.halted = mp.mp_state != KVM_MP_STATE_RUNNABLE;
  return out;
}

// With pseudo-NMIs Linux turns interrupts off by their priority. KVM lets nobody look while a vCPU is inside KVM_RUN.
std::optional<bool> interrupts_enabled(const CpuState& by_flags, const VcpuFds& vcpu) {
  if (by_flags.interrupts_enabled == false || vcpu.interrupt_controller < 0) return by_flags.interrupts_enabled;
  std::uint64_t mask = 0;
  const Status status = get_vgic(vcpu.interrupt_controller, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS,
                                 arm64::vcpu_attribute(vcpu.index, arm64::kPriorityMask), &mask);
  if (!status.ok()) return std::nullopt;
  return mask > arm64::kLinuxPriority;
}

// KVM waits in WFI by itself, and a vCPU taken out of it stands behind it, runnable.
bool waits_unsaid(const CpuState& state, const GuestMemory& memory) {
  std::array<std::uint8_t, 8> code = {};  // the instruction before it, and its own
  if (!read_virtual(kHostIsa, state.space, memory, state.pc - 4, std::as_writable_bytes(std::span(code)))) return false;
  const std::span<const std::uint8_t> both(code);
  return arm64::role(both.first(4)) == InstructionRole::sleep || arm64::role(both.last(4)) == InstructionRole::sleep;
}

// A pseudo-NMI is an interrupt of a higher priority: nothing waits but in the interrupt controller.
Result<bool> nmi_waits(int /*vcpu_fd*/) { return false; }

Result<std::uint64_t> guest_counter(int vcpu_fd) { return one_reg(vcpu_fd, arm64::kTimerCounter); }

// The guest sees the host's, and user space may read it.
Result<std::uint64_t> guest_counter_hz(int /*vcpu_fd*/) {
  std::uint64_t hz = 0;
  asm volatile("mrs %0, cntfrq_el0" : "=r"(hz));
  return hz;
}

Result<bool> hold_timer(int vcpu_fd) {
  RS_ASSIGN(const std::uint64_t control, one_reg(vcpu_fd, arm64::kTimerControl));
  if ((control & (arm64::kTimerEnable | arm64::kTimerMask)) != arm64::kTimerEnable) return false;
  RS_TRY(set_one_reg(vcpu_fd, arm64::kTimerControl, control | arm64::kTimerMask));
  return true;
}

Status release_timer(int vcpu_fd) {
  RS_ASSIGN(const std::uint64_t control, one_reg(vcpu_fd, arm64::kTimerControl));
  return set_one_reg(vcpu_fd, arm64::kTimerControl, control & ~arm64::kTimerMask);
}

Result<BreakpointResume::Where> where(int vcpu_fd) {
  RS_ASSIGN(const std::uint64_t pc, one_reg(vcpu_fd, arm64::kCorePc));
  RS_ASSIGN(const std::uint64_t pstate, one_reg(vcpu_fd, arm64::kCorePstate));
  RS_ASSIGN(const Gva sp, stack_pointer(vcpu_fd, pstate));
  return BreakpointResume::Where{Gva(pc), sp};
}

}  // namespace remapstorm::host_kvm
