// SPDX-License-Identifier: Apache-2.0
// One register of a vCPU by the number that KVM has for it (kvm_register_ids.h), which is outside run(). Errors: host.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace remapstorm::host_kvm {

// Of 64 bits.
Result<std::uint64_t> one_reg(int vcpu_fd, std::uint64_t id);
Status set_one_reg(int vcpu_fd, std::uint64_t id, std::uint64_t value);
// Of any size: `bytes` has at least that of `id`.
Status get_one_reg(int vcpu_fd, std::uint64_t id, void* bytes);
Status put_one_reg(int vcpu_fd, std::uint64_t id, const void* bytes);

}  // namespace remapstorm::host_kvm
