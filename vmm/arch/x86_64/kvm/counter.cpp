// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/kvm/counter.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <x86intrin.h>

#include "base/syscall.h"

namespace remapstorm::host_kvm {
namespace {

kvm_device_attr offset_attribute(std::uint64_t& value) {
  kvm_device_attr attribute = {};
  attribute.group = KVM_VCPU_TSC_CTRL;
  attribute.attr = KVM_VCPU_TSC_OFFSET;
  attribute.addr = reinterpret_cast<std::uintptr_t>(&value);
  return attribute;
}

}  // namespace

Result<std::uint64_t> counter_offset(int vcpu_fd) {
  std::uint64_t offset = 0;
  kvm_device_attr attribute = offset_attribute(offset);
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_DEVICE_ATTR, &attribute), "KVM_GET_DEVICE_ATTR", "TSC offset"));
  return offset;
}

Status set_counter_offset(int vcpu_fd, std::uint64_t offset) {
  kvm_device_attr attribute = offset_attribute(offset);
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_SET_DEVICE_ATTR, &attribute), "KVM_SET_DEVICE_ATTR", "TSC offset"));
  return {};
}

std::uint64_t host_counter() { return __rdtsc(); }

}  // namespace remapstorm::host_kvm
