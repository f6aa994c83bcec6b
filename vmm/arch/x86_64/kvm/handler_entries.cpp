// SPDX-License-Identifier: Apache-2.0
// Where the handlers of what a step may take begin.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/idt.h"
#include "vmm/arch/x86_64/kvm/msr.h"

namespace remapstorm::host_kvm {
namespace {

// Of the local APIC (SDM volume 3, table 11-1).
constexpr std::size_t kRequested = 0x200;
constexpr std::size_t kRegisterStride = 0x10;

std::uint32_t apic_register(const kvm_lapic_state& lapic, std::size_t offset) {
  std::uint32_t value = 0;
  std::memcpy(&value, lapic.regs + offset, sizeof(value));
  return value;
}

// The requested interrupt of the highest priority; 0: none.
unsigned highest_requested(const kvm_lapic_state& lapic) {
  for (unsigned word = 8; word-- > 0;) {
    const std::uint32_t bits = apic_register(lapic, kRequested + word * kRegisterStride);
    if (bits != 0) return 32 * word + 31 - static_cast<unsigned>(__builtin_clz(bits));
  }
  return 0;
}

}  // namespace

Result<std::vector<Gva>> interrupt_entries(int vcpu_fd, const GuestMemory& memory) {
  kvm_vcpu_events events = {};
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_VCPU_EVENTS, &events), "KVM_GET_VCPU_EVENTS"));
  unsigned next = events.interrupt.nr;
  kvm_lapic_state lapic = {};
  if (events.interrupt.injected == 0) {
    if (::ioctl(vcpu_fd, KVM_GET_LAPIC, &lapic) == 0) {
      next = highest_requested(lapic);
    } else if (errno != EINVAL) {  // a machine without one
      return errno_error("KVM_GET_LAPIC", "", errno);
    }
  }
  RS_ASSIGN(const x86_64::SystemRegisters system, system_registers(vcpu_fd));
  RS_ASSIGN(const CpuState now, state(vcpu_fd));
  const ReadVirtual read = virtual_reader(kHostIsa, now.space, memory);
  std::vector<Gva> entries;
  for (const unsigned vector : {x86_64::kVectorNmi, next}) {
    const auto entry = vector == 0 ? std::nullopt : x86_64::handler_of(system.idt, vector, read);
    if (entry) entries.push_back(*entry);
  }
  return entries;
}

Result<std::vector<Gva>> ends_of_sequence(int /*vcpu_fd*/, Gva /*pc*/, const GuestMemory& /*memory*/,
                                          Leaving /*leaving*/) {
  return std::vector<Gva>();
}

Result<FaultEntries> fault_entries(int vcpu_fd, const GuestMemory& memory) {
  RS_ASSIGN(const x86_64::SystemRegisters system, system_registers(vcpu_fd));
  RS_ASSIGN(const CpuState now, state(vcpu_fd));
  const ReadVirtual read = virtual_reader(kHostIsa, now.space, memory);
  FaultEntries entries;
  entries.page_fault = x86_64::handler_of(system.idt, x86_64::kVectorPageFault, read);
  if ((system.efer & x86_64::kEferSystemCall) != 0) {
    RS_ASSIGN(const std::uint64_t target, msr(vcpu_fd, x86_64::kMsrSystemCallTarget));
    entries.system_call = Gva(target);
  }
  return entries;
}

// SYSCALL saves RFLAGS in R11 (SDM volume 2). A KVM that runs user mode natively and interprets the kernel cannot see
// one: it becomes a page fault of the fetch at its target.
Status clear_step_of_caller(int vcpu_fd, const FaultEntries& entries, const BreakpointResume::Where& there,
                            const GuestMemory& memory) {
  if (!entries.system_call) return {};
  if (entries.page_fault == there.pc) {
    RS_ASSIGN(const CpuState now, state(vcpu_fd));
    std::array<std::uint64_t, 2> pushed = {};  // error code, RIP
    const ReadVirtual read = virtual_reader(kHostIsa, now.space, memory);
    if (!read(there.sp, std::as_writable_bytes(std::span(pushed))) || Gva(pushed[1]) != *entries.system_call) return {};
  } else if (there.pc != *entries.system_call) {
    return {};
  }
  RS_ASSIGN(x86_64::Registers regs, registers(vcpu_fd));
  if ((regs.r11 & x86_64::kFlagTrap) == 0) return {};
  regs.r11 &= ~x86_64::kFlagTrap;
  return set_registers(vcpu_fd, regs);
}

}  // namespace remapstorm::host_kvm
