// SPDX-License-Identifier: Apache-2.0
// The guest's time-stamp counter as an offset to the host's (KVM devices/vcpu.rst, KVM_VCPU_TSC_OFFSET). The MSR will
// not do: KVM takes a value written there that is within a second of the expected one for an attempt to synchronize
// vCPUs and keeps the old offset.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace remapstorm::host_kvm {

Result<std::uint64_t> counter_offset(int vcpu_fd);
Status set_counter_offset(int vcpu_fd, std::uint64_t offset);
// The host's own, to which offsets are added. Guests run at the host's rate.
std::uint64_t host_counter();

}  // namespace remapstorm::host_kvm
