// SPDX-License-Identifier: Apache-2.0
// The ioctl half of an architecture: same names in arch/x86_64/kvm and arch/arm64/kvm; the build takes the host's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/fd.h"
#include "base/result.h"
#include "vmm/arch/host.h"
#include "vmm/breakpoint_resume.h"
#include "vmm/cpu_policy.h"
#include "vmm/cpu_state.h"
#include "vmm/exit.h"
#include "vmm/fault_entries.h"
#include "vmm/kvm.h"
#include "vmm/kvm_state.h"
#include "vmm/machine_fds.h"
#include "vmm/memory.h"
#include "vmm/page_walk.h"

struct kvm_run;

namespace remapstorm {
struct VmConfig;
}

namespace remapstorm::host_kvm {

inline constexpr std::size_t kMaxBreakpoints = 4;

// Before any vCPU exists: interrupt controller, timer, fixed addresses. Gives MachineFds::interrupt_controller.
Result<Fd> prepare_vm(const Kvm& kvm, int vm_fd, const VmConfig& config);
// After KVM_CREATE_VCPU: features, identity, local interrupt controller.
Status prepare_vcpu(const Kvm& kvm, int vm_fd, int vcpu_fd, unsigned index, const VmConfig& config);
// All vCPUs are prepared, none has run.
Status finish_vm(const MachineFds& machine);

Result<arch::Registers> registers(int vcpu_fd);
Status set_registers(int vcpu_fd, const arch::Registers& registers);
Result<arch::SystemRegisters> system_registers(int vcpu_fd);
Status set_system_registers(int vcpu_fd, const arch::SystemRegisters& registers);
// interrupts_enabled: by the flags alone.
Result<CpuState> state(int vcpu_fd);
// By what masks interrupts beside the flags; nothing if that cannot be read just now.
std::optional<bool> interrupts_enabled(const CpuState& by_flags, const VcpuFds& vcpu);
// It stands in an instruction that waits for an interrupt, and KVM does not say so (KVM_GET_MP_STATE).
bool waits_unsaid(const CpuState& state, const GuestMemory& memory);
// An NMI is pending and not masked; always false where there are none.
Result<bool> nmi_waits(int vcpu_fd);
// See Vcpu::serror(), Vcpu::external_abort().
Status pend_serror(int vcpu_fd, std::uint32_t syndrome);
Result<bool> serror_waits(int vcpu_fd);
Status pend_external_abort(int vcpu_fd, Gva address);
Result<std::uint64_t> guest_counter(int vcpu_fd);
Result<std::uint64_t> guest_counter_hz(int vcpu_fd);
// See Vcpu::hold_timer().
Result<bool> hold_timer(int vcpu_fd);
Status release_timer(int vcpu_fd);

struct DebugControl {
  std::span<const Gva> breakpoints;
  bool step = false;
  bool block_interrupts = false;  // where begin_blocked_step() does nothing
};
// Around a step that takes no interrupt, where KVM has no KVM_GUESTDBG_BLOCKIRQ: no vCPU is inside run().
Status begin_blocked_step(const VcpuFds& vcpu);
Status end_blocked_step(const VcpuFds& vcpu);
Status set_guest_debug(int vcpu_fd, const DebugControl& control);
DebugExit decode_debug(const kvm_run& run);
// Of an exit that is the guest's own: the vCPU takes that exception, and stands at its vector.
Status give_back(int vcpu_fd, const kvm_run& run);
// Where the handlers begin of what the vCPU may take instead of its next instruction, or by it. x86: hardware delivers
// with the trap flag clear, so a step would run through the handler, or for ever inside it. Both together are at most
// kMaxBreakpoints; empty where a step ends at the entry by itself.
Result<std::vector<Gva>> interrupt_entries(int vcpu_fd, const GuestMemory& memory);
// Where the vCPU is to run to in place of a step, because what stands at `pc`, where it is, cannot be stepped
// (exclusive_sequence.h): its ends, and the vectors that it may leave by. Empty: step. At most kMaxBreakpoints.
enum class Leaving : std::uint8_t { by_faults, by_interrupts_too };
Result<std::vector<Gva>> ends_of_sequence(int vcpu_fd, Gva pc, const GuestMemory& memory, Leaving leaving);
Result<FaultEntries> fault_entries(int vcpu_fd, const GuestMemory& memory);
// A step arrived `there`: if that is where a system call enters the kernel, takes the trap flag of the step out of the
// flags that the call saved.
Status clear_step_of_caller(int vcpu_fd, const FaultEntries& entries, const BreakpointResume::Where& there,
                            const GuestMemory& memory);

// What BreakpointResume wants to know after a step from `before` to `there`. If an interrupt was taken in place of the
// instruction, the trap flag that KVM had set for the step was saved with the interrupted flags; it is taken out of
// that frame in `memory`, or the guest would trap on its return.
Result<BreakpointResume::StepOutcome> step_outcome(int vcpu_fd, const BreakpointResume::Where& before,
                                                   const BreakpointResume::Where& there, GuestMemory& memory);
Result<BreakpointResume::Where> where(int vcpu_fd);
// Asks KVM to leave the registers in `run` at each exit (KVM_CAP_SYNC_REGS), where it can: cheaper than an ioctl.
void share_registers(const Kvm& kvm, kvm_run& run);
// As of the last return of KVM_RUN; nothing if they are not shared.
std::optional<BreakpointResume::Where> shared_where(const kvm_run& run);
// Of this host's KVM.
ShadowPaging shadow_paging();
// Finds out what can be saved. All vCPUs exist, none has run.
Result<StatePlan> plan_state(const Kvm& kvm, int vcpu_fd, const VmConfig& config);
// The state of the whole machine. No vCPU may be inside KVM_RUN or owe KVM the completion of an access.
Result<KvmState> save_state(const MachineFds& machine, const StatePlan& plan);
enum class Restore : std::uint8_t {
  all,
  // The machine is the one the state was saved from, or was restored to it before: leaves out what then is proven to be
  // without effect.
  in_place,
};
// Errors: usage if the state is not one of `plan` and that many vCPUs, or the counter would have to run back and
// cannot.
Status restore_state(const MachineFds& machine, const StatePlan& plan, const KvmState& state,
                     Restore how = Restore::all);
// Of all vCPUs, none of which is inside KVM_RUN; where timers_follow_counter.
Status set_counter(const MachineFds& machine, std::uint64_t value);
// `kind`: of a StateItem.
std::string_view state_name(std::uint16_t kind);
// What differs between two items of one kind, one text for each finding.
std::vector<std::string> compare_item(std::uint16_t kind, std::span<const std::byte> want,
                                      std::span<const std::byte> have);
// Copies a page of 4096 bytes over one of guest memory. True: KVM may now shadow a translation that the guest's tables
// no longer have. `memory_end`: one past the highest guest-physical address of memory.
bool copy_page_and_look(std::byte* to, const std::byte* from, ShadowPaging shadows, std::uint64_t memory_end);
// Two pages of guest-physical address space where no guest looks: for a memory slot of the host's own.
Gpa spare_pages();
// A trap flag of ours that an interrupt saved and restored: takes it off again.
Status clear_stray_step(int vcpu_fd);

}  // namespace remapstorm::host_kvm
