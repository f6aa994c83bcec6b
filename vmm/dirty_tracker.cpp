// SPDX-License-Identifier: Apache-2.0
#include "vmm/dirty_tracker.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/syscall.h"
#include "vmm/vm.h"

namespace remapstorm {

Result<DirtyTracking> choose_tracking(DirtyTracking wanted, long ring_capability, ShadowPaging shadow_paging) {
  if (wanted == DirtyTracking::ring && ring_capability == 0) {
    return unavailable_error("this KVM has no dirty ring that sees every write (KVM_CAP_DIRTY_LOG_RING)");
  }
  if (wanted != DirtyTracking::automatic) return wanted;
  return ring_capability != 0 && shadow_paging != ShadowPaging::user ? DirtyTracking::ring : DirtyTracking::log;
}

std::unique_ptr<DirtyTracker> DirtyTracker::create(Vm& vm) {
  if (vm.dirty_tracking() == DirtyTracking::log) return make_dirty_log(vm.fd(), vm.memory());
  std::vector<Vcpu*> vcpus;
  for (unsigned i = 0; i < vm.vcpu_count(); ++i) vcpus.push_back(&vm.vcpu(i));
  return make_dirty_rings(vm.fd(), vm.memory(), std::move(vcpus));
}

Status DirtyTracker::track() const { return set_slots(KVM_MEM_LOG_DIRTY_PAGES); }

Status DirtyTracker::untrack() const { return set_slots(0); }

Status DirtyTracker::set_slots(std::uint32_t flags) const {
  for (std::size_t i = 0; i < memory_.regions().size(); ++i) {
    const MemoryRegion& region = *memory_.regions()[i];
    kvm_userspace_memory_region slot = {};
    slot.slot = static_cast<std::uint32_t>(i);
    slot.flags = flags;
    slot.guest_phys_addr = region.base.value;
    slot.memory_size = region.size();
    slot.userspace_addr = reinterpret_cast<std::uintptr_t>(region.guest_mapping.data());
    RS_TRY(check_call(::ioctl(vm_fd_, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION", region.name));
  }
  return {};
}

}  // namespace remapstorm
