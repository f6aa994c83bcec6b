// SPDX-License-Identifier: Apache-2.0
// Dirty tracking by one ring for each vCPU (dirty_ring.h). A ring that fills up while its vCPU runs is emptied by the
// run loop (KVM_EXIT_DIRTY_RING_FULL); the rest is collected here.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>

#include "base/syscall.h"
#include "vmm/dirty_tracker.h"
#include "vmm/vcpu.h"

namespace remapstorm {
namespace {

// KVM's headers of Debian 12 do not know it yet.
constexpr long kCapDirtyLogRingWithBitmap = 225;

class DirtyRings final : public DirtyTracker {
 public:
  DirtyRings(int vm_fd, const GuestMemory& memory, std::vector<Vcpu*> vcpus)
      : DirtyTracker(vm_fd, memory), vcpus_(std::move(vcpus)) {}

  Result<bool> collect(std::span<Bitmap> dirty) override {
    bool all = true;
    for (Vcpu* vcpu : vcpus_) all = vcpu->harvest_dirty_ring() && all;
    RS_TRY(reset_dirty_rings(vm_fd_));
    for (std::size_t i = 0; i < dirty.size(); ++i) {
      std::fill(dirty[i].begin(), dirty[i].end(), 0);
      memory_.regions()[i]->written->take(dirty[i]);
    }
    // A page whose entry was lost is not watched any more. Switching tracking on watches all.
    if (!all) {
      RS_TRY(untrack());
      RS_TRY(track());
    }
    return all;
  }

 private:
  std::vector<Vcpu*> vcpus_;
};

}  // namespace

// A KVM that offers a bitmap beside the ring (arm64) writes guest memory on behalf of no vCPU, which no ring shows.
long dirty_ring_capability(const Kvm& kvm) {
  if (kvm.capability(kCapDirtyLogRingWithBitmap) != 0) return 0;
  for (const long capability : {KVM_CAP_DIRTY_LOG_RING_ACQ_REL, KVM_CAP_DIRTY_LOG_RING}) {
    if (kvm.capability(capability) != 0) return capability;
  }
  return 0;
}

Status enable_dirty_rings(const Kvm& kvm, int vm_fd, std::uint32_t entries) {
  kvm_enable_cap enable = {};
  enable.cap = static_cast<std::uint32_t>(dirty_ring_capability(kvm));
  enable.args[0] = std::uint64_t{entries} * sizeof(kvm_dirty_gfn);
  RS_TRY(check_call(::ioctl(vm_fd, KVM_ENABLE_CAP, &enable), "KVM_ENABLE_CAP",
                    "dirty rings of " + std::to_string(entries) + " entries"));
  return {};
}

// Newer kernels break off for a signal, such as Vcpu::kick() sends; what they have done by then is done.
Status reset_dirty_rings(int vm_fd) {
  int result = 0;
  do {
    result = ::ioctl(vm_fd, KVM_RESET_DIRTY_RINGS, 0);
  } while (result < 0 && errno == EINTR);
  RS_TRY(check_call(result, "KVM_RESET_DIRTY_RINGS"));
  return {};
}

std::unique_ptr<DirtyTracker> make_dirty_rings(int vm_fd, const GuestMemory& memory, std::vector<Vcpu*> vcpus) {
  return std::make_unique<DirtyRings>(vm_fd, memory, std::move(vcpus));
}

}  // namespace remapstorm
