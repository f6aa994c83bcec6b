// SPDX-License-Identifier: Apache-2.0
// A vCPU as after power on (KVM api.rst 4.82, KVM_ARM_VCPU_INIT): the first call for it, and any later one. What was
// written to its ID registers stays.
#pragma once

#include "base/result.h"

namespace remapstorm::host_kvm {

// Outside KVM_RUN. vCPU 0 is ready to run, others wait to be started. Errors: host.
Status reset_vcpu(int vm_fd, int vcpu_fd, unsigned index);

}  // namespace remapstorm::host_kvm
