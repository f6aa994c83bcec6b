// SPDX-License-Identifier: Apache-2.0
// Attributes of KVM's GICv3 (KVM devices/arm-vgic-v3.rst). Errors: host; those of registers also if a vCPU is inside
// KVM_RUN.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace remapstorm::host_kvm {

// `value`: of the type that the group has.
Status get_vgic(int vgic_fd, std::uint32_t group, std::uint64_t attribute, void* value);
Status set_vgic(int vgic_fd, std::uint32_t group, std::uint64_t attribute, const void* value);

}  // namespace remapstorm::host_kvm
