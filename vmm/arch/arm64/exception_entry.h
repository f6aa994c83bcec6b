// SPDX-License-Identifier: Apache-2.0
// What a processor does when it takes a synchronous exception to EL1 (Arm ARM, AArch64.TakeException): for one that KVM
// has given to the host although it is the guest's own.
#pragma once

#include <cstdint>

#include "base/address.h"

namespace remapstorm::arm64 {

struct ExceptionEntry {
  Gva pc;                    // the vector
  std::uint64_t pstate = 0;  // EL1h, all masked
};

// `pstate`, `sctlr_el1`, `vbar_el1`: before it. SPSR_EL1 is then the old PSTATE, ELR_EL1 the old PC.
ExceptionEntry enter_synchronous(std::uint64_t pstate, std::uint64_t sctlr_el1, Gva vbar_el1);

}  // namespace remapstorm::arm64
