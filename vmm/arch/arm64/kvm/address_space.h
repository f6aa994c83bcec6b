// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "vmm/cpu_state.h"

namespace remapstorm::host_kvm {

// How a vCPU that is outside run() translates. Errors: host.
Result<AddressSpace> address_space(int vcpu_fd);

}  // namespace remapstorm::host_kvm
