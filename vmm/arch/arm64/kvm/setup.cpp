// SPDX-License-Identifier: Apache-2.0
// Machine and vCPU set-up: interrupt controller (KVM devices/arm-vgic-v3.rst), CPU features, PSCI.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/syscall.h"
#include "vmm/arch/arm64/boot.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/kvm/one_reg.h"
#include "vmm/arch/arm64/kvm/reset_vcpu.h"
#include "vmm/arch/arm64/kvm/vgic.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/vm.h"

namespace remapstorm::host_kvm {
namespace {

Result<Fd> create_vgic(int vm_fd) {
  kvm_create_device create = {};
  create.type = KVM_DEV_TYPE_ARM_VGIC_V3;
  if (::ioctl(vm_fd, KVM_CREATE_DEVICE, &create) != 0) {
    Error error = errno_error("KVM_CREATE_DEVICE", "GICv3", errno, ErrorKind::unavailable);
    error.hint = "this host has no GICv3 for guests: remapstorm needs one (dmesg | grep -i gic)";
    return error;
  }
  return Fd(static_cast<int>(create.fd));
}

// ID_AA64MMFR2_EL1.BBM (Arm ARM D19.2.70).
constexpr unsigned kBbmShift = 52;
constexpr std::uint64_t kBbmMask = 0xfULL << kBbmShift;

Status set_bbm(int vcpu_fd, unsigned level) {
  RS_ASSIGN(const std::uint64_t before, one_reg(vcpu_fd, arm64::kIdAa64Mmfr2El1));
  const auto has = static_cast<unsigned>((before & kBbmMask) >> kBbmShift);
  if (level == has) return {};
  if (level > has) {
    return unavailable_error("machine.bbm is " + std::to_string(level) + ", and this host has FEAT_BBM level " +
                             std::to_string(has));
  }
  const std::uint64_t wanted = (before & ~kBbmMask) | std::uint64_t{level} << kBbmShift;
  if (set_one_reg(vcpu_fd, arm64::kIdAa64Mmfr2El1, wanted).ok()) return {};
  return unavailable_error("this host's KVM does not let FEAT_BBM of a guest be set", "Linux 6.12 does");
}

}  // namespace

Result<Fd> prepare_vm(const Kvm& /*kvm*/, int vm_fd, const VmConfig& config) {
  if (!config.interrupt_controller) return Fd();
  RS_ASSIGN(Fd vgic, create_vgic(vm_fd));
  std::uint32_t intids = arm64::kIntids;
  std::uint64_t distributor = arm64::kDistributorBase, redistributors = arm64::kRedistributorBase;
  RS_TRY(set_vgic(vgic.get(), KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &intids));
  RS_TRY(set_vgic(vgic.get(), KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &distributor));
  RS_TRY(set_vgic(vgic.get(), KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redistributors));
  return vgic;
}

Status reset_vcpu(int vm_fd, int vcpu_fd, unsigned index) {
  kvm_vcpu_init init = {};
  RS_TRY(check_call(::ioctl(vm_fd, KVM_ARM_PREFERRED_TARGET, &init), "KVM_ARM_PREFERRED_TARGET"));
  init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
  if (index != 0) init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT", "vcpu " + std::to_string(index)));
  return {};
}

Status prepare_vcpu(const Kvm& /*kvm*/, int vm_fd, int vcpu_fd, unsigned index, const VmConfig& config) {
  if (!config.cpu.hidden_features.empty()) {
    return usage_error("hiding CPU features is for x86: " + config.cpu.hidden_features.front());
  }
  RS_TRY(reset_vcpu(vm_fd, vcpu_fd, index));
  if (config.cpu.bbm) RS_TRY(set_bbm(vcpu_fd, *config.cpu.bbm));
  return {};
}

Status finish_vm(const MachineFds& machine) {
  if (machine.interrupt_controller < 0) return {};
  return set_vgic(machine.interrupt_controller, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, nullptr);
}

}  // namespace remapstorm::host_kvm
