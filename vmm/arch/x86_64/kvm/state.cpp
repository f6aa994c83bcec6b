// SPDX-License-Identifier: Apache-2.0
// Saving and restoring what KVM keeps of a machine (KVM api.rst 4, the GET / SET pairs). The order is in state_kinds.h.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstring>
#include <string>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/kvm/counter.h"
#include "vmm/arch/x86_64/kvm/ioctl_numbers.h"
#include "vmm/arch/x86_64/kvm/msr.h"
#include "vmm/arch/x86_64/state_kinds.h"

namespace remapstorm::host_kvm {
namespace {

using x86_64::StateKind;

constexpr std::size_t kMaxMsrs = 1100;  // fits what state_plan.cpp can find

struct MsrBuffer {
  std::uint32_t count = 0;
  std::uint32_t pad = 0;
  x86_64::MsrValue entries[kMaxMsrs];
};
static_assert(sizeof(x86_64::MsrValue) == sizeof(kvm_msr_entry));

// Kinds whose item is one struct of the kernel's, passed as it is.
struct Plain {
  unsigned long get;
  unsigned long set;
  std::size_t bytes;
};

Plain plain(StateKind kind, const StatePlan& plan) {
  switch (kind) {
    case StateKind::mp_state:
      return {KVM_GET_MP_STATE, KVM_SET_MP_STATE, sizeof(kvm_mp_state)};
    case StateKind::registers:
      return {KVM_GET_REGS, KVM_SET_REGS, sizeof(kvm_regs)};
    case StateKind::system_registers:
      if (plan.system_registers_2) return {KVM_GET_SREGS2, KVM_SET_SREGS2, sizeof(kvm_sregs2)};
      return {KVM_GET_SREGS, KVM_SET_SREGS, sizeof(kvm_sregs)};
    case StateKind::fpu:
      return {plan.fpu_bytes > kXsaveBytes ? kGetXsave2 : kGetXsave, kSetXsave, plan.fpu_bytes};
    case StateKind::extended_control:
      return {KVM_GET_XCRS, KVM_SET_XCRS, sizeof(kvm_xcrs)};
    case StateKind::debug_registers:
      return {KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS, sizeof(kvm_debugregs)};
    case StateKind::local_apic:
      return {KVM_GET_LAPIC, KVM_SET_LAPIC, sizeof(kvm_lapic_state)};
    case StateKind::events:
      return {KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS, sizeof(kvm_vcpu_events)};
    case StateKind::pic_master:
    case StateKind::pic_slave:
    case StateKind::ioapic:
      return {KVM_GET_IRQCHIP, KVM_SET_IRQCHIP, sizeof(kvm_irqchip)};
    case StateKind::pit:
      return {KVM_GET_PIT2, KVM_SET_PIT2, sizeof(kvm_pit_state2)};
    case StateKind::clock:
      return {KVM_GET_CLOCK, KVM_SET_CLOCK, sizeof(kvm_clock_data)};
    case StateKind::msrs:
      return {0, 0, plan.numbered_registers.size() * sizeof(x86_64::MsrValue)};
    case StateKind::deadline:
    case StateKind::counter:
      return {0, 0, sizeof(std::uint64_t)};
  }
  return {};
}

std::uint32_t chip_id(StateKind kind) {
  if (kind == StateKind::pic_master) return KVM_IRQCHIP_PIC_MASTER;
  if (kind == StateKind::pic_slave) return KVM_IRQCHIP_PIC_SLAVE;
  return KVM_IRQCHIP_IOAPIC;
}

std::string what_of(StateKind kind, std::size_t vcpu) {
  std::string text(x86_64::state_name(kind));
  if (x86_64::per_vcpu(kind)) text += " of vcpu " + std::to_string(vcpu);
  return text;
}

template <typename T>
T from_bytes(std::span<const std::byte> bytes) {
  T value = {};
  std::memcpy(&value, bytes.data(), std::min(sizeof(value), bytes.size()));
  return value;
}

template <typename T>
void to_bytes(const T& value, std::span<std::byte> bytes) {
  std::memcpy(bytes.data(), &value, std::min(sizeof(value), bytes.size()));
}

Status get_msrs(int fd, const StatePlan& plan, std::span<std::byte> out) {
  MsrBuffer buffer;
  if (plan.numbered_registers.size() > kMaxMsrs) return internal_error("more MSRs than the buffer holds");
  buffer.count = static_cast<std::uint32_t>(plan.numbered_registers.size());
  for (std::size_t i = 0; i < plan.numbered_registers.size(); ++i)
    buffer.entries[i].index = static_cast<std::uint32_t>(plan.numbered_registers[i]);
  RS_ASSIGN(const int done, check_call(::ioctl(fd, kGetMsrs, &buffer), "KVM_GET_MSRS"));
  if (static_cast<std::size_t>(done) != plan.numbered_registers.size()) {
    return host_error("KVM_GET_MSRS: stopped at MSR " +
                      std::to_string(plan.numbered_registers[static_cast<std::size_t>(done)]));
  }
  std::memcpy(out.data(), buffer.entries, out.size());
  return {};
}

Status set_msrs(int fd, std::span<const std::byte> bytes) {
  MsrBuffer buffer;
  const std::size_t count = bytes.size() / sizeof(x86_64::MsrValue);
  if (count > kMaxMsrs) return internal_error("more MSRs than the buffer holds");
  buffer.count = static_cast<std::uint32_t>(count);
  std::memcpy(buffer.entries, bytes.data(), bytes.size());
  RS_ASSIGN(const int done, check_call(::ioctl(fd, kSetMsrs, &buffer), "KVM_SET_MSRS"));
  if (static_cast<std::size_t>(done) != count) {
    return host_error("KVM_SET_MSRS: refused MSR " + std::to_string(buffer.entries[done].index));
  }
  return {};
}

// `fd`: of the VM or the vCPU, as the kind needs.
Status get(StateKind kind, int fd, const StatePlan& plan, std::uint64_t host_now, std::span<std::byte> out) {
  if (kind == StateKind::msrs) return get_msrs(fd, plan, out);
  if (kind == StateKind::deadline) {
    RS_ASSIGN(const std::uint64_t value, msr(fd, x86_64::kMsrTscDeadline));
    to_bytes(value, out);
    return {};
  }
  if (kind == StateKind::counter) {
    const auto offset = counter_offset(fd);
    std::uint64_t value = 0;
    if (offset.ok()) {
      value = *offset + host_now;
    } else {
      RS_ASSIGN(value, msr(fd, x86_64::kMsrTsc));
    }
    to_bytes(value, out);
    return {};
  }
  if (kind == StateKind::pic_master || kind == StateKind::pic_slave || kind == StateKind::ioapic) {
    kvm_irqchip chip = {};
    chip.chip_id = chip_id(kind);
    to_bytes(chip, out);
  }
  RS_TRY(check_call(::ioctl(fd, plain(kind, plan).get, out.data()), "reading", std::string(x86_64::state_name(kind))));
  if (kind == StateKind::pit) {
    // When the counters were last loaded, in the host's time: setting them loads them anew.
    auto pit = from_bytes<kvm_pit_state2>(out);
    for (kvm_pit_channel_state& channel : pit.channels) channel.count_load_time = 0;
    to_bytes(pit, out);
  }
  if (kind == StateKind::clock) {
    kvm_clock_data clock = {};
    clock.clock = from_bytes<kvm_clock_data>(out).clock;  // no flags: the clock stands still while it is saved
    to_bytes(clock, out);
  }
  return {};
}

Status set(StateKind kind, int fd, const StatePlan& plan, std::uint64_t host_now, std::span<const std::byte> in) {
  if (kind == StateKind::msrs) return set_msrs(fd, in);
  if (kind == StateKind::deadline) return set_msr(fd, x86_64::kMsrTscDeadline, from_bytes<std::uint64_t>(in));
  if (kind == StateKind::counter) {
    const auto value = from_bytes<std::uint64_t>(in);
    if (plan.counter_settable) return set_counter_offset(fd, value - host_now);
    RS_ASSIGN(const std::uint64_t now, msr(fd, x86_64::kMsrTsc));
    if (now >= value) return {};
    return usage_error("the snapshot's time-stamp counter is ahead of this host's, and this host's KVM cannot set it",
                       "the machine was restarted since: the snapshot has to be made anew");
  }
  // KVM only reads from the buffer of a SET.
  void* argument = const_cast<std::byte*>(in.data());
  RS_TRY(check_call(::ioctl(fd, plain(kind, plan).set, argument), "setting", std::string(x86_64::state_name(kind))));
  return {};
}

bool takes_part(StateKind kind, const StatePlan& plan) {
  if (kind == StateKind::extended_control && !plan.extended_control) return false;
  return plan.interrupt_controller || !x86_64::needs_interrupt_controller(kind);
}

Result<const StateItem*> find_whole(const std::vector<StateItem>& items, StateKind kind, std::size_t vcpu,
                                    const StatePlan& plan) {
  const StateItem* item = find_item(items, static_cast<std::uint16_t>(kind));
  if (item == nullptr) return usage_error("the snapshot lacks the " + what_of(kind, vcpu));
  const std::size_t bytes = plain(kind, plan).bytes;
  if (item->bytes.size() != bytes) {
    return usage_error("the snapshot has " + std::to_string(item->bytes.size()) + " bytes for the " +
                       what_of(kind, vcpu) + ", this KVM has " + std::to_string(bytes));
  }
  bool same = true;
  if (kind == StateKind::pic_master || kind == StateKind::pic_slave || kind == StateKind::ioapic) {
    same = from_bytes<kvm_irqchip>(item->bytes).chip_id == chip_id(kind);
  }
  if (kind == StateKind::msrs) {
    for (std::size_t i = 0; i < plan.numbered_registers.size(); ++i) {
      const auto value = from_bytes<x86_64::MsrValue>(std::span(item->bytes).subspan(i * sizeof(x86_64::MsrValue)));
      same = same && value.index == plan.numbered_registers[i];
    }
  }
  if (!same) return usage_error("the snapshot's " + what_of(kind, vcpu) + " are not those of this KVM");
  return item;
}

// Each ioctl on a vCPU costs microseconds, whatever it does.
bool without_effect(StateKind kind, const StatePlan& plan, const std::vector<StateItem>& items) {
  // Only looks whether the counter ran back, and a running host's does not.
  if (kind == StateKind::counter) return !plan.counter_settable;
  // KVM drops a deadline for a timer in another mode, and setting the local APIC has just set the mode and stopped the
  // timer.
  if (kind == StateKind::deadline) {
    const StateItem* apic = find_item(items, static_cast<std::uint16_t>(StateKind::local_apic));
    return apic != nullptr && apic->bytes.size() == sizeof(kvm_lapic_state) &&
           !x86_64::timer_in_deadline_mode(apic->bytes);
  }
  return false;
}

}  // namespace

Result<KvmState> save_state(const MachineFds& machine, const StatePlan& plan) {
  KvmState state;
  state.vcpus.resize(machine.vcpus.size());
  const std::uint64_t host_now = host_counter();
  const auto save = [&](StateKind kind, int fd, std::vector<StateItem>& items, std::size_t vcpu) -> Status {
    StateItem item{static_cast<std::uint16_t>(kind), std::vector<std::byte>(plain(kind, plan).bytes)};
    if (Status status = get(kind, fd, plan, host_now, item.bytes); !status.ok()) {
      return status.error().in("saving the " + what_of(kind, vcpu));
    }
    items.push_back(std::move(item));
    return {};
  };
  for (const StateKind kind : x86_64::kSaveOrder) {
    if (!takes_part(kind, plan)) continue;
    if (!x86_64::per_vcpu(kind)) {
      RS_TRY(save(kind, machine.vm, state.vm, 0));
      continue;
    }
    for (std::size_t i = 0; i < machine.vcpus.size(); ++i) RS_TRY(save(kind, machine.vcpus[i], state.vcpus[i], i));
  }
  return state;
}

Status restore_state(const MachineFds& machine, const StatePlan& plan, const KvmState& state, Restore how) {
  if (state.vcpus.size() != machine.vcpus.size()) {
    return usage_error("the snapshot has " + std::to_string(state.vcpus.size()) + " vCPUs, this machine " +
                       std::to_string(machine.vcpus.size()));
  }
  const std::uint64_t host_now = host_counter();
  const auto restore = [&](StateKind kind, int fd, const std::vector<StateItem>& items, std::size_t vcpu) -> Status {
    if (how == Restore::in_place && without_effect(kind, plan, items)) return {};
    RS_ASSIGN(const StateItem* item, find_whole(items, kind, vcpu, plan));
    if (Status status = set(kind, fd, plan, host_now, item->bytes); !status.ok()) {
      return status.error().in("restoring the " + what_of(kind, vcpu));
    }
    return {};
  };
  for (const StateKind kind : x86_64::kRestoreOrder) {
    if (!takes_part(kind, plan)) continue;
    if (!x86_64::per_vcpu(kind)) {
      RS_TRY(restore(kind, machine.vm, state.vm, 0));
      continue;
    }
    for (std::size_t i = 0; i < machine.vcpus.size(); ++i) RS_TRY(restore(kind, machine.vcpus[i], state.vcpus[i], i));
  }
  return {};
}

Status set_counter(const MachineFds& /*machine*/, std::uint64_t /*value*/) {
  return internal_error("the counter is not set without the timers that depend on it");
}

std::string_view state_name(std::uint16_t kind) { return x86_64::state_name(static_cast<StateKind>(kind)); }

std::vector<std::string> compare_item(std::uint16_t kind, std::span<const std::byte> want,
                                      std::span<const std::byte> have) {
  return x86_64::compare_state(static_cast<StateKind>(kind), want, have);
}

}  // namespace remapstorm::host_kvm
