// SPDX-License-Identifier: Apache-2.0
// DirtyTracker: which pages of a Vm's memory were written. KVM keeps a bit a page (dirty log) or a ring of pages for
// each vCPU (dirty ring); which of them is settled when a Vm is created. What the host writes through GuestMemory is
// added to both.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "vmm/kvm.h"
#include "vmm/kvm_state.h"
#include "vmm/memory.h"

namespace remapstorm {

class Vcpu;
class Vm;

enum class DirtyTracking : std::uint8_t {
  automatic,  // see choose_tracking()
  log,        // KVM_GET_DIRTY_LOG: costs by the size of memory
  ring,       // KVM_CAP_DIRTY_LOG_RING: costs by the number of writes
};

// Of a ring, 16 bytes each: the most that KVM allows.
inline constexpr std::uint32_t kDirtyRingEntries = 1u << 16;

// The capability to enable for a dirty ring; 0 if this KVM has none that sees every write.
long dirty_ring_capability(const Kvm& kvm);
// Log or ring; `ring_capability`: the one above. KVM publishes a ring entry for each store that it emulates, also for
// the hundredth to the same page: where it interprets the guest's kernel (ShadowPaging::user) the log is better;
// docs/performance.md has the figures. Errors: unavailable if a ring is asked for and there is none.
Result<DirtyTracking> choose_tracking(DirtyTracking wanted, long ring_capability, ShadowPaging shadow_paging);
// Before any vCPU of the VM exists. Errors: host, also if KVM does not want rings of that many entries.
Status enable_dirty_rings(const Kvm& kvm, int vm_fd, std::uint32_t entries);
// Takes back entries that were harvested and watches their pages anew (KVM_RESET_DIRTY_RINGS). Any thread.
Status reset_dirty_rings(int vm_fd);

class DirtyTracker {
 public:
  using Bitmap = std::vector<std::uint64_t>;  // a bit a page

  // As `vm` was created; it must outlive the tracker.
  static std::unique_ptr<DirtyTracker> create(Vm& vm);
  virtual ~DirtyTracker() = default;
  DirtyTracker(const DirtyTracker&) = delete;
  DirtyTracker& operator=(const DirtyTracker&) = delete;

  // KVM tracks writes from now on.
  Status track() const;
  Status untrack() const;
  // Every vCPU is outside run(). Puts into `dirty` (one for each region of memory, of its size) the pages written since
  // the last call; these are watched anew before it returns, so that a copy of their content is complete. False: some
  // may be missing; then all pages are watched anew, and the caller must look at all of them. Errors: host.
  virtual Result<bool> collect(std::span<Bitmap> dirty) = 0;

 protected:
  DirtyTracker(int vm_fd, const GuestMemory& memory) : vm_fd_(vm_fd), memory_(memory) {}
  int vm_fd_;
  const GuestMemory& memory_;

 private:
  [[nodiscard]] Status set_slots(std::uint32_t flags) const;
};

std::unique_ptr<DirtyTracker> make_dirty_log(int vm_fd, const GuestMemory& memory);
std::unique_ptr<DirtyTracker> make_dirty_rings(int vm_fd, const GuestMemory& memory, std::vector<Vcpu*> vcpus);

}  // namespace remapstorm
