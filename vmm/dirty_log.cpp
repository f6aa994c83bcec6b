// SPDX-License-Identifier: Apache-2.0
// Dirty tracking by KVM_GET_DIRTY_LOG: a bitmap of each slot, which the same call starts anew.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/syscall.h"
#include "vmm/dirty_tracker.h"

namespace remapstorm {
namespace {

class DirtyLog final : public DirtyTracker {
 public:
  DirtyLog(int vm_fd, const GuestMemory& memory) : DirtyTracker(vm_fd, memory) {}

  Result<bool> collect(std::span<Bitmap> dirty) override {
    for (std::size_t i = 0; i < dirty.size(); ++i) {
      const MemoryRegion& region = *memory_.regions()[i];
      kvm_dirty_log log = {};
      log.slot = static_cast<std::uint32_t>(i);
      log.dirty_bitmap = dirty[i].data();
      RS_TRY(check_call(::ioctl(vm_fd_, KVM_GET_DIRTY_LOG, &log), "KVM_GET_DIRTY_LOG", region.name));
      region.written->take(dirty[i]);
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<DirtyTracker> make_dirty_log(int vm_fd, const GuestMemory& memory) {
  return std::make_unique<DirtyLog>(vm_fd, memory);
}

}  // namespace remapstorm
