// SPDX-License-Identifier: Apache-2.0
// Raising the guest driver's test interrupt (guest/abi). Each architecture has its own way:
// link/*/test_interrupt.cpp.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "vmm/vm.h"

namespace remapstorm {

// From any thread. Errors: usage for a vCPU that does not exist, host.
Status raise_test_msi(Vm& vm, unsigned vcpu);
Status raise_test_nmi(Vm& vm, unsigned vcpu);
Status raise_test_line(Vm& vm, unsigned vcpu);
// RS_OP_LOWER: the guest's handler has taken what raise_test_line() or raise_test_nmi() left high for that vCPU, if
// they do. `kind`: RS_KIND_LINE or RS_KIND_NMI, as the guest says; errors also: usage for another.
Status lower_test_interrupt(Vm& vm, unsigned vcpu, std::uint32_t kind);

}  // namespace remapstorm
