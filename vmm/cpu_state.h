// SPDX-License-Identifier: Apache-2.0
// CpuState: the part of a vCPU's state that reports and detectors need, the same for every architecture.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"

namespace remapstorm {

// How virtual addresses are translated just now.
struct AddressSpace {
  bool paging = false;  // false: virtual = physical
  Gpa root;             // x86: CR3 without its flag bits; arm64: TTBR1_EL1 for kernel addresses
  Gpa user_root;        // arm64: TTBR0_EL1; x86: same as root
  unsigned levels = 4;
};

struct CpuState {
  Gva pc;
  Gva sp;
  Gva frame_pointer;                       // x86: RBP; arm64: x29
  std::uint64_t flags = 0;                 // RFLAGS / PSTATE
  std::optional<bool> interrupts_enabled;  // nothing: what masks them could not be read
  bool user_mode = false;
  bool halted = false;  // waits in HLT / WFI, or was not started yet
  AddressSpace space;
};

}  // namespace remapstorm
