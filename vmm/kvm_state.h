// SPDX-License-Identifier: Apache-2.0
// KvmState: what KVM keeps of a machine besides its memory, as named pieces of opaque bytes (the kernel's own structs).
//
// What the pieces are, in which order they are read and written and how two of them are compared is the architecture's:
// arch/x86_64/state_kinds.h. The ioctls are in arch/x86_64/kvm/state.cpp, behind host_kvm.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace remapstorm {

struct StateItem {
  std::uint16_t kind = 0;  // the architecture's StateKind
  std::vector<std::byte> bytes;
  bool operator==(const StateItem&) const = default;
};

struct KvmState {
  std::vector<StateItem> vm;                  // interrupt controller, timer, clock
  std::vector<std::vector<StateItem>> vcpus;  // one list a vCPU
  bool operator==(const KvmState&) const = default;
};

// Nothing if there is none of that kind.
const StateItem* find_item(const std::vector<StateItem>& items, std::uint16_t kind);

// One thing that is not as it should be: "vcpu 0, local APIC: ...", "ram, page 0x1234000: ...".
struct Difference {
  std::string where;
  std::string what;
};

// All that differs, by name. Both must be states of one plan.
std::vector<Difference> compare_states(const KvmState& want, const KvmState& have);

// Which translations KVM keeps as copies of the guest's page tables. It learns of changes the guest makes, and not of
// those the host makes by writing the guest's memory.
enum class ShadowPaging : std::uint8_t {
  none,  // EPT, NPT, stage 2: the processor reads the guest's tables itself
  user,  // of user mode: KVM-PVM interprets kernel mode, and so reads the guest's tables for it
  all,   // KVM without EPT or NPT
};

// What kinds of state this KVM has; found out once for each Vm, before its vCPUs run.
struct StatePlan {
  bool interrupt_controller = false;
  bool system_registers_2 = false;  // KVM_GET_SREGS2
  bool extended_control = false;    // KVM_GET_XCRS: the host has XSAVE
  // Whether the guest's counter can be set. KVM-PVM says yes and does nothing: there, guests read the host's counter,
  // time goes on for them across a restore, and a snapshot from before the host's last start cannot be restored.
  bool counter_settable = false;
  // The counter may be set by itself, while the machine stands still: deadlines of timers are values of it and move
  // along. x86: the local APIC's timer would not.
  bool timers_follow_counter = false;
  ShadowPaging shadow_paging = ShadowPaging::all;
  std::size_t fpu_bytes = 0;  // KVM_GET_XSAVE2
  // Those that KVM reads and writes by number, as far as they take part: x86's MSRs, arm64's KVM_GET_REG_LIST.
  std::vector<std::uint64_t> numbered_registers;
};

}  // namespace remapstorm
