// SPDX-License-Identifier: Apache-2.0
// What an error of memory or of the bus is on x86 is a machine check, which nobody has asked for yet.
#include "vmm/arch/host_kvm.h"

namespace remapstorm::host_kvm {

Status pend_serror(int /*vcpu_fd*/, std::uint32_t /*syndrome*/) { return usage_error("x86 has no SError"); }

Result<bool> serror_waits(int /*vcpu_fd*/) { return false; }

Status pend_external_abort(int /*vcpu_fd*/, Gva /*address*/) {
  return usage_error("x86 has no synchronous external abort");
}

}  // namespace remapstorm::host_kvm
