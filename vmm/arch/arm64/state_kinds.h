// SPDX-License-Identifier: Apache-2.0
// The kinds of state an arm64 KVM machine has, in which order to restore them, and how to compare two. Pure.
//
// Nearly all of it is words with numbers: registers of KVM_GET_REG_LIST, registers of the GICv3 by their offsets. A
// word is written only where it differs: a write may have effects beside its value, and costs an ioctl.
//
// Why the order matters (KVM devices/arm-vgic-v3.rst, "Restore ordering"; what Linux does behind it):
//   distributor before redistributor: which security model the others have is in GICD_IIDR and GICD_CTLR.
//   levels after both: a line's level makes its interrupt pending by the trigger that was set before.
//   interface after these: what is pending is presented by ICC_PMR, ICC_IGRPEN1.
//   registers after interface: those of the timer decide the level of its line.
//   counter last: the timers' deadlines are absolute values of it, and it runs from then on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace remapstorm::arm64 {

// Numbers are part of the snapshot format: never reused.
enum class StateKind : std::uint16_t {
  mp_state = 1,
  events = 2,
  registers = 3,
  interface = 4,       // ICC_*_EL1
  redistributor = 5,   // GICR_*
  private_levels = 6,  // of lines
  distributor = 32,    // GICD_*
  shared_levels = 33,
  counter = 34,  // CNTVCT_EL0, of all vCPUs at one instant
};

// Saving has no constraints but that nothing runs.
inline constexpr std::array kRestoreOrder = {
    StateKind::distributor,    StateKind::redistributor, StateKind::shared_levels,
    StateKind::private_levels, StateKind::interface,     StateKind::registers,
    StateKind::events,         StateKind::mp_state,      StateKind::counter,
};

constexpr bool per_vcpu(StateKind kind) { return static_cast<std::uint16_t>(kind) < 32; }
// Absent from machines without an interrupt controller.
constexpr bool needs_interrupt_controller(StateKind kind) {
  return kind == StateKind::interface || kind == StateKind::redistributor || kind == StateKind::private_levels ||
         kind == StateKind::distributor || kind == StateKind::shared_levels;
}
// Others are one struct of the kernel's, or the counter.
constexpr bool of_words(StateKind kind) { return kind == StateKind::registers || needs_interrupt_controller(kind); }
std::string_view state_name(StateKind kind);

// As saved. A register has up to 16 bytes.
struct SavedWord {
  std::uint64_t id = 0;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const SavedWord&) const = default;
};
std::vector<SavedWord> saved_words(std::span<const std::byte> item);

struct StateWord {
  std::uint64_t id = 0;     // number of the register, or offset, or encoding, or INTID
  std::uint64_t clear = 0;  // offset by which bits are cleared where writing `id` only sets them; 0: it writes all
  std::uint64_t own = 0;    // bits that change by themselves, or are not for writing
};
// Offset of GICR_ISACTIVER0: which private interrupts are being handled. Of the timers' KVM takes no write, since they
// are tied to those of the host's timers: none is active after a restore, and a handler that the snapshot has in its
// middle goes on and ends nothing, as after a live migration.
inline constexpr std::uint64_t kPrivateActive = 0x10300;
// Of a kind of words that is the interrupt controller's.
std::vector<StateWord> gic_words(StateKind kind);
// Bits of a register that change by themselves.
std::uint64_t own_bits(std::uint64_t register_id);
// Registers that do not travel with the others: the counters. The virtual one has a kind of its own; the physical one
// is the host's, and our guests do not read it.
bool register_apart(std::uint64_t register_id);

// What differs between two items of one kind, one text for each finding; empty: nothing that the guest could see. The
// counter only must not have fallen behind `want`.
std::vector<std::string> compare_state(StateKind kind, std::span<const std::byte> want,
                                       std::span<const std::byte> have);

}  // namespace remapstorm::arm64
