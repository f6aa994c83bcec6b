// SPDX-License-Identifier: Apache-2.0
// Raising the guest driver's test interrupt (guest/abi). Each architecture has its own way:
// vmm/arch/*/test_interrupt.cpp.
#pragma once

#include "base/result.h"
#include "vmm/vm.h"

namespace remapstorm {

// From any thread. Errors: usage for a vCPU that does not exist, host.
Status raise_test_msi(Vm& vm, unsigned vcpu);
Status raise_test_line(Vm& vm, unsigned vcpu);

}  // namespace remapstorm
