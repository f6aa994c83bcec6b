// SPDX-License-Identifier: Apache-2.0
#include "bench/arch/reset_arch.h"

#include <linux/kvm.h>

#include "vmm/arch/x86_64/kvm/ioctl_numbers.h"
#include "vmm/arch/x86_64/state_kinds.h"

namespace remapstorm::bench {
namespace {

using x86_64::StateKind;

// rdi: the page; rcx: how many.
constexpr std::uint8_t kTouch[] = {0x48, 0x89, 0x07,                          // mov [rdi], rax
                                   0x48, 0x81, 0xc7, 0x00, 0x10, 0x00, 0x00,  // add rdi, 4096
                                   0x48, 0xff, 0xc9,                          // dec rcx
                                   0x75, 0xf1,                                // jnz
                                   0x90};                                     // nop

unsigned long set_number(StateKind kind, bool two) {
  switch (kind) {
    case StateKind::mp_state:
      return KVM_SET_MP_STATE;
    case StateKind::registers:
      return KVM_SET_REGS;
    case StateKind::system_registers:
      return two ? KVM_SET_SREGS2 : KVM_SET_SREGS;
    case StateKind::fpu:
      return host_kvm::kSetXsave;
    case StateKind::extended_control:
      return KVM_SET_XCRS;
    case StateKind::debug_registers:
      return KVM_SET_DEBUGREGS;
    case StateKind::msrs:
      return host_kvm::kSetMsrs;
    case StateKind::local_apic:
      return KVM_SET_LAPIC;
    case StateKind::events:
      return KVM_SET_VCPU_EVENTS;
    case StateKind::pic_master:
    case StateKind::pic_slave:
    case StateKind::ioapic:
      return KVM_SET_IRQCHIP;
    case StateKind::pit:
      return KVM_SET_PIT2;
    case StateKind::clock:
      return KVM_SET_CLOCK;
    default:
      return 0;
  }
}

}  // namespace

TouchCode touch_code() { return {std::as_bytes(std::span(kTouch)), sizeof kTouch - 1, Gva(0xffff888000000000)}; }

void prepare_touch(arch::Registers& registers, Gva first, std::uint64_t pages) {
  registers.rdi = first.value;
  registers.rcx = pages;
  registers.rflags = 2;
}

std::vector<Call> floor_calls(const Vm& vm, const Snapshot& snapshot) {
  std::vector<Call> calls;
  const bool two = vm.state_plan().system_registers_2;
  const auto add = [&](StateKind kind, int fd, const std::vector<StateItem>& items) {
    for (const StateItem& item : items) {
      if (item.kind != static_cast<std::uint16_t>(kind) || set_number(kind, two) == 0) continue;
      Call call{fd, set_number(kind, two), item.bytes};
      if (kind == StateKind::msrs) {
        const std::uint32_t head[2] = {static_cast<std::uint32_t>(item.bytes.size() / 16), 0};
        const auto bytes = std::as_bytes(std::span(head));
        call.bytes.insert(call.bytes.begin(), bytes.begin(), bytes.end());
      }
      calls.push_back(std::move(call));
    }
  };
  for (const StateKind kind : x86_64::kRestoreOrder) {
    if (!x86_64::per_vcpu(kind)) {
      add(kind, vm.fd(), snapshot.kvm_state().vm);
      continue;
    }
    const auto fds = vm.fds().vcpus;
    for (std::size_t i = 0; i < fds.size(); ++i) add(kind, fds[i], snapshot.kvm_state().vcpus[i]);
  }
  return calls;
}

}  // namespace remapstorm::bench
