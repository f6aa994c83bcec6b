// SPDX-License-Identifier: Apache-2.0
// Exceptions by which a processor reports an error of memory or of the bus (KVM api.rst 4.31, KVM_SET_VCPU_EVENTS).
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/syscall.h"
#include "vmm/arch/arm64/kvm/one_reg.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/arch/host_kvm.h"

namespace remapstorm::host_kvm {

Status pend_serror(int vcpu_fd, std::uint32_t syndrome) {
  kvm_vcpu_events events = {};
  events.exception.serror_pending = 1;
  events.exception.serror_has_esr = 1;
  events.exception.serror_esr = syndrome;
  if (::ioctl(vcpu_fd, KVM_SET_VCPU_EVENTS, &events) == 0) return {};
  if (errno != EINVAL) return errno_error("KVM_SET_VCPU_EVENTS", "SError", errno, ErrorKind::host);
  return unavailable_error("this host does not let the syndrome of an SError be given: it has no FEAT_RAS");
}

Result<bool> serror_waits(int vcpu_fd) {
  kvm_vcpu_events events = {};
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_VCPU_EVENTS, &events), "KVM_GET_VCPU_EVENTS"));
  return events.exception.serror_pending != 0;
}

// KVM leaves in FAR_EL1 what the vCPU's last exit to it had there; the exception itself is entered by the next KVM_RUN,
// so that the address can be set meanwhile.
Status pend_external_abort(int vcpu_fd, Gva address) {
  kvm_vcpu_events events = {};
  events.exception.ext_dabt_pending = 1;
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_SET_VCPU_EVENTS, &events), "KVM_SET_VCPU_EVENTS", "external abort"));
  return set_one_reg(vcpu_fd, arm64::kFarEl1, address.value);
}

}  // namespace remapstorm::host_kvm
