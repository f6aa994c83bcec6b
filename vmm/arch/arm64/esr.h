// SPDX-License-Identifier: Apache-2.0
// ESR_EL1 of aborts (Arm ARM D19.2.39): what kind of fault, at which level, read or write.
#pragma once

#include <cstdint>
#include <string>

namespace remapstorm::arm64 {

enum class ExceptionClass : std::uint8_t {
  unknown = 0x00,
  svc64 = 0x15,
  instruction_abort_lower = 0x20,
  instruction_abort_same = 0x21,
  data_abort_lower = 0x24,
  data_abort_same = 0x25,
  breakpoint_lower = 0x30,
  breakpoint_same = 0x31,
  step_lower = 0x32,
  step_same = 0x33,
  watchpoint_lower = 0x34,
  watchpoint_same = 0x35,
  brk64 = 0x3c,
};

enum class FaultKind : std::uint8_t {
  address_size,
  translation,
  access_flag,
  permission,
  external,
  tlb_conflict,
  alignment,
  other,
};

struct Abort {
  bool instruction = false;
  bool from_lower_level = false;  // user mode, seen from the kernel
  bool write = false;             // data aborts only
  bool on_table_walk = false;     // S1PTW: during a stage-1 walk
  bool address_valid = true;      // FAR_EL1 holds the address
  FaultKind kind = FaultKind::other;
  int level = -1;  // Arm's lookup level 0..3; -1: none
};

constexpr std::uint8_t exception_class(std::uint64_t esr) { return static_cast<std::uint8_t>(esr >> 26 & 0x3f); }

// False if `esr` is no instruction or data abort.
bool decode_abort(std::uint64_t esr, Abort& abort);
// "translation fault, level 3, write, kernel"
std::string describe(const Abort& abort);

}  // namespace remapstorm::arm64
