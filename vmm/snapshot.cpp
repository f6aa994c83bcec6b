// SPDX-License-Identifier: Apache-2.0
#include "vmm/snapshot.h"

#include "vmm/arch/host_kvm.h"

namespace remapstorm {

Result<Snapshot> Snapshot::take(Vm& vm, const Platform& platform) {
  Snapshot snapshot;
  // First: completing an access changes registers and memory.
  for (unsigned i = 0; i < vm.vcpu_count(); ++i) {
    RS_ASSIGN(Vcpu::RunState run, vm.vcpu(i).freeze());
    snapshot.run_.push_back(std::move(run));
  }
  RS_ASSIGN(snapshot.kvm_, host_kvm::save_state(vm.fds(), vm.state_plan()));
  // After KVM's state: KVM writes what is pending of it (a steal time record) when a vCPU is looked at.
  RS_ASSIGN(snapshot.memory_, MemoryImage::take(vm.memory()));
  snapshot.platform_ = platform.state();
  return snapshot;
}

Snapshot Snapshot::of_parts(MemoryImage memory, KvmState kvm, PlatformState platform, std::vector<Vcpu::RunState> run) {
  Snapshot snapshot;
  snapshot.memory_ = std::move(memory);
  snapshot.kvm_ = std::move(kvm);
  snapshot.platform_ = std::move(platform);
  snapshot.run_ = std::move(run);
  return snapshot;
}

Status Snapshot::restore(Vm& vm, Platform& platform) const {
  if (run_.size() != vm.vcpu_count()) {
    return usage_error("the snapshot has " + std::to_string(run_.size()) + " vCPUs, this machine " +
                       std::to_string(vm.vcpu_count()));
  }
  RS_TRY(memory_.check_shape(vm.memory()));
  for (unsigned i = 0; i < vm.vcpu_count(); ++i) RS_TRY(vm.vcpu(i).abandon());
  RS_TRY(platform.set_state(platform_));
  RS_TRY(host_kvm::restore_state(vm.fds(), vm.state_plan(), kvm_));
  // After KVM's state: setting MSRs makes KVM write its clock and steal time records into memory.
  RS_TRY(memory_.write_to(vm.memory()));
  for (unsigned i = 0; i < vm.vcpu_count(); ++i) RS_TRY(vm.vcpu(i).thaw(run_[i]));
  return {};
}

}  // namespace remapstorm
