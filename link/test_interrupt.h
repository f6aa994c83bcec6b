// SPDX-License-Identifier: Apache-2.0
// Raising the guest driver's test interrupt (guest/abi). Each architecture has its own way:
// vmm/arch/*/test_interrupt.cpp.
#pragma once

#include "base/result.h"
#include "vmm/vm.h"

namespace remapstorm {

// From any thread. Errors: usage for a vCPU that does not exist, host.
Status raise_test_msi(Vm& vm, unsigned vcpu);
// An NMI for a vCPU that may be inside run(): Vcpu::nmi() would wait until it comes out, which an idle one does not.
Status raise_nmi_message(Vm& vm, unsigned vcpu);
Status raise_test_line(Vm& vm, unsigned vcpu);

}  // namespace remapstorm
