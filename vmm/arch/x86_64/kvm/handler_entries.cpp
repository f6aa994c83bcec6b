// SPDX-License-Identifier: Apache-2.0
// Where the handlers of what a step may take begin.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/arch/x86_64/idt.h"

namespace remapstorm::host_kvm {
namespace {

// Registers of the local APIC (SDM volume 3, table 11-1).
constexpr std::size_t kRequested = 0x200, kTimer = 0x320;
constexpr std::size_t kRegisterStride = 0x10;
constexpr unsigned kVectorMask = 0xff;

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

Result<std::vector<Gva>> handler_entries(int vcpu_fd, const GuestMemory& memory) {
  kvm_vcpu_events events = {};
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_VCPU_EVENTS, &events), "KVM_GET_VCPU_EVENTS"));
  std::vector<unsigned> vectors = {x86_64::kVectorNmi};
  if (events.interrupt.injected != 0) vectors.push_back(events.interrupt.nr);
  kvm_lapic_state lapic = {};
  if (::ioctl(vcpu_fd, KVM_GET_LAPIC, &lapic) == 0) {
    vectors.push_back(highest_requested(lapic));
    vectors.push_back(apic_register(lapic, kTimer) & kVectorMask);
  } else if (errno != EINVAL) {  // a machine without one
    return errno_error("KVM_GET_LAPIC", "", errno);
  }
  RS_ASSIGN(const x86_64::SystemRegisters system, system_registers(vcpu_fd));
  RS_ASSIGN(const CpuState now, state(vcpu_fd));
  const ReadVirtual read = virtual_reader(kHostIsa, now.space, memory);
  std::vector<Gva> entries;
  for (const unsigned vector : vectors) {
    const auto entry = vector == 0 ? std::nullopt : x86_64::handler_of(system.idt, vector, read);
    if (entry && std::ranges::find(entries, *entry) == entries.end()) entries.push_back(*entry);
  }
  static_assert(kMaxBreakpoints >= 4, "one for each kind of vector above");
  return entries;
}

}  // namespace remapstorm::host_kvm
