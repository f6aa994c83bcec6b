// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/kvm/vgic.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/hex.h"
#include "base/syscall.h"

namespace remapstorm::host_kvm {
namespace {

Status access(int fd, unsigned long request, const char* name, std::uint32_t group, std::uint64_t attribute,
              const void* value) {
  kvm_device_attr argument = {};
  argument.group = group;
  argument.attr = attribute;
  argument.addr = reinterpret_cast<std::uintptr_t>(value);
  if (::ioctl(fd, request, &argument) == 0) return {};
  return errno_error(name, "GICv3, group " + std::to_string(group) + ", attribute " + hex(attribute), errno);
}

}  // namespace

Status get_vgic(int vgic_fd, std::uint32_t group, std::uint64_t attribute, void* value) {
  return access(vgic_fd, KVM_GET_DEVICE_ATTR, "KVM_GET_DEVICE_ATTR", group, attribute, value);
}

Status set_vgic(int vgic_fd, std::uint32_t group, std::uint64_t attribute, const void* value) {
  return access(vgic_fd, KVM_SET_DEVICE_ATTR, "KVM_SET_DEVICE_ATTR", group, attribute, value);
}

}  // namespace remapstorm::host_kvm
