// SPDX-License-Identifier: Apache-2.0
// One model-specific register of a vCPU, which is outside run(). Errors: host, also for one that KVM does not know.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace remapstorm::host_kvm {

Result<std::uint64_t> msr(int vcpu_fd, std::uint32_t index);
Status set_msr(int vcpu_fd, std::uint32_t index, std::uint64_t value);

}  // namespace remapstorm::host_kvm
