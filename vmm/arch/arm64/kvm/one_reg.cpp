// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/kvm/one_reg.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/hex.h"
#include "base/syscall.h"

namespace remapstorm::host_kvm {
namespace {

Status access(int vcpu_fd, unsigned long request, const char* name, std::uint64_t id, const void* bytes) {
  kvm_one_reg one = {id, reinterpret_cast<std::uintptr_t>(bytes)};
  if (::ioctl(vcpu_fd, request, &one) == 0) return {};
  return errno_error(name, "register " + hex(id), errno);
}

}  // namespace

Status get_one_reg(int vcpu_fd, std::uint64_t id, void* bytes) {
  return access(vcpu_fd, KVM_GET_ONE_REG, "KVM_GET_ONE_REG", id, bytes);
}

Status put_one_reg(int vcpu_fd, std::uint64_t id, const void* bytes) {
  return access(vcpu_fd, KVM_SET_ONE_REG, "KVM_SET_ONE_REG", id, bytes);
}

Result<std::uint64_t> one_reg(int vcpu_fd, std::uint64_t id) {
  std::uint64_t value = 0;
  RS_TRY(get_one_reg(vcpu_fd, id, &value));
  return value;
}

Status set_one_reg(int vcpu_fd, std::uint64_t id, std::uint64_t value) { return put_one_reg(vcpu_fd, id, &value); }

}  // namespace remapstorm::host_kvm
