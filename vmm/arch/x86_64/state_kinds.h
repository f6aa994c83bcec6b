// SPDX-License-Identifier: Apache-2.0
// The kinds of state an x86 KVM machine has, in which order to read and write them, and how to compare two. Pure.
//
// Why the order matters (KVM api.rst names the ioctls; the constraints are what Linux does behind them):
//   save     mp_state first: reading it makes KVM act on a pending INIT or SIPI, which changes registers.
//   restore  pic_*, ioapic before local_apic: setting the IOAPIC delivers what is pending there into the local APICs,
//            which are then overwritten with what they held.
//            system_registers before local_apic: they hold the APIC base, which decides whether it is on and how its id
//            is read. Before registers and fpu: what those may hold depends on the mode.
//            events after registers and system_registers: both of those throw away a pending exception or queue an
//            interrupt of their own.
//            counter before deadline: the deadline is an absolute value of the counter, and one in the past fires.
//            clock after counter: setting a counter makes KVM compute its master clock anew.
//            local_apic before deadline: the deadline is refused unless the APIC's timer is in that mode.
//            mp_state last: a vCPU that waits for its SIPI takes all of the above quietly.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/kvm_state.h"

namespace remapstorm::x86_64 {

// Numbers are part of the snapshot format: never reused.
enum class StateKind : std::uint16_t {
  mp_state = 1,
  registers = 2,
  system_registers = 3,
  fpu = 4,
  extended_control = 5,
  debug_registers = 6,
  msrs = 7,
  counter = 8,  // of all vCPUs at one instant
  local_apic = 9,
  events = 10,
  deadline = 11,
  pic_master = 32,
  pic_slave = 33,
  ioapic = 34,
  pit = 35,
  clock = 36,
};

inline constexpr std::array kSaveOrder = {
    StateKind::mp_state,  StateKind::registers,        StateKind::system_registers,
    StateKind::fpu,       StateKind::extended_control, StateKind::debug_registers,
    StateKind::msrs,      StateKind::local_apic,       StateKind::events,
    StateKind::deadline,  StateKind::counter,          StateKind::pic_master,
    StateKind::pic_slave, StateKind::ioapic,           StateKind::pit,
    StateKind::clock,
};

inline constexpr std::array kRestoreOrder = {
    StateKind::pic_master,       StateKind::pic_slave, StateKind::ioapic,   StateKind::pit,
    StateKind::system_registers, StateKind::registers, StateKind::fpu,      StateKind::extended_control,
    StateKind::debug_registers,  StateKind::msrs,      StateKind::counter,  StateKind::clock,
    StateKind::local_apic,       StateKind::events,    StateKind::deadline, StateKind::mp_state,
};

constexpr bool per_vcpu(StateKind kind) { return static_cast<std::uint16_t>(kind) < 32; }
// Absent from machines without an in-kernel interrupt controller.
constexpr bool needs_interrupt_controller(StateKind kind) {
  return kind == StateKind::mp_state || kind == StateKind::local_apic || kind == StateKind::deadline ||
         kind == StateKind::pic_master || kind == StateKind::pic_slave || kind == StateKind::ioapic ||
         kind == StateKind::pit;
}
std::string_view state_name(StateKind kind);

// MSRs that do not travel with the others: they have a kind of their own, are part of another, or count by themselves.
bool msr_apart(std::uint32_t index);
// MSRs that KVM has and does not list (KVM_GET_MSR_INDEX_LIST): memory types. Tried; kept if readable.
std::vector<std::uint32_t> unlisted_msrs();

// Of a saved local APIC (SDM volume 3, 11.5.1: LVT timer register, bits 17 and 18).
bool timer_in_deadline_mode(std::span<const std::byte> local_apic);

struct MsrValue {
  std::uint32_t index = 0;
  std::uint32_t reserved = 0;
  std::uint64_t value = 0;
};

// What differs between two items of one kind, one text for each finding; empty: nothing that the guest could see.
// What counts by itself is left out: current counts of running timers, and counter and clock, which only must not have
// fallen behind `want`.
std::vector<std::string> compare_state(StateKind kind, std::span<const std::byte> want,
                                       std::span<const std::byte> have);

}  // namespace remapstorm::x86_64
