// SPDX-License-Identifier: Apache-2.0
#include "bench/arch/reset_arch.h"

#include <linux/kvm.h>

#include <array>
#include <cstring>

#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/arch/arm64/registers.h"
#include "vmm/arch/arm64/state_kinds.h"

namespace remapstorm::bench {
namespace {

using arm64::StateKind;

// x1: the page; x2: how many.
constexpr std::uint32_t kTouch[] = {0xf9000020,   // str x0, [x1]
                                    0x91400421,   // add x1, x1, #4096
                                    0xf1000442,   // subs x2, x2, #1
                                    0x54ffffa1,   // b.ne back
                                    0xd503201f};  // nop

std::array<std::uint64_t, 2> value;  // of what is read, which nobody looks at

template <typename Argument>
Call call_of(int fd, unsigned long number, const Argument& argument) {
  Call call{fd, number, std::vector<std::byte>(sizeof argument)};
  std::memcpy(call.bytes.data(), &argument, sizeof argument);
  return call;
}

std::uint32_t group_of(StateKind kind) {
  if (kind == StateKind::distributor) return KVM_DEV_ARM_VGIC_GRP_DIST_REGS;
  if (kind == StateKind::redistributor) return KVM_DEV_ARM_VGIC_GRP_REDIST_REGS;
  return kind == StateKind::interface ? KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS : KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO;
}

void add(std::vector<Call>& calls, const MachineFds& fds, std::size_t vcpu, const StateItem& item) {
  const auto kind = static_cast<StateKind>(item.kind);
  const auto address = reinterpret_cast<std::uint64_t>(value.data());
  if (kind == StateKind::mp_state) calls.push_back({fds.vcpus[vcpu], KVM_SET_MP_STATE, item.bytes});
  if (kind == StateKind::events) calls.push_back({fds.vcpus[vcpu], KVM_SET_VCPU_EVENTS, item.bytes});
  if (kind == StateKind::counter) {
    std::memcpy(value.data(), item.bytes.data(), sizeof value[0]);
    calls.push_back(call_of(fds.vcpus[0], KVM_GET_ONE_REG, kvm_one_reg{arm64::kTimerCounter, address}));
  }
  if (!arm64::of_words(kind)) return;
  for (const arm64::SavedWord& word : arm64::saved_words(item.bytes)) {
    if (kind == StateKind::registers) {
      calls.push_back(call_of(fds.vcpus[vcpu], KVM_GET_ONE_REG, kvm_one_reg{word.id, address}));
      continue;
    }
    const std::uint64_t attribute = arm64::per_vcpu(kind) ? arm64::vcpu_attribute(vcpu, word.id) : word.id;
    const kvm_device_attr get = {0, group_of(kind), attribute, address};
    calls.push_back(call_of(fds.interrupt_controller, KVM_GET_DEVICE_ATTR, get));
  }
}

}  // namespace

TouchCode touch_code() { return {std::as_bytes(std::span(kTouch)), sizeof kTouch - 4, Gva(0xffff000000000000)}; }

void prepare_touch(arch::Registers& registers, Gva first, std::uint64_t pages) {
  registers.x[1] = first.value;
  registers.x[2] = pages;
  registers.pstate = arm64::kPstateEl1h | arm64::kPstateD | arm64::kPstateA | arm64::kPstateI | arm64::kPstateF;
}

std::vector<Call> floor_calls(const Vm& vm, const Snapshot& snapshot) {
  std::vector<Call> calls;
  const MachineFds fds = vm.fds();
  for (const StateItem& item : snapshot.kvm_state().vm) add(calls, fds, 0, item);
  for (std::size_t i = 0; i < fds.vcpus.size(); ++i) {
    for (const StateItem& item : snapshot.kvm_state().vcpus[i]) add(calls, fds, i, item);
  }
  return calls;
}

}  // namespace remapstorm::bench
