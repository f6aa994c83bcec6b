// SPDX-License-Identifier: Apache-2.0
// DirtyRing: the ring in which KVM publishes, for one vCPU, each page that was written in a memory slot with
// KVM_MEM_LOG_DIRTY_PAGES (KVM api.rst, KVM_CAP_DIRTY_LOG_RING). Walking it is pure: tests make rings up.
//
// Who: KVM publishes for a vCPU only in ioctls on that vCPU, and a ring is harvested by whoever may call the vCPU's
// register functions (vcpu.h), so nobody ever publishes during a harvest. The order of memory accesses still counts:
// an entry's flags are read with acquire before its page, and given back with release.
//
// A ring may overflow. KVM leaves KVM_RUN when few entries are free, but it looks for that only now and then: a
// repeated string instruction that it emulates writes a thousand times in between, and KVM-PVM, which interprets the
// guest's kernel, thousands of times. KVM then overwrites the oldest entries and says nothing; it shows in that no
// entry is left free. took_all() tells, and DirtyTracker starts over.
#pragma once

#include <cstdint>

#include "base/mapping.h"
#include "vmm/memory.h"

struct kvm_dirty_gfn;

namespace remapstorm {

class DirtyRing {
 public:
  // KVM says that a ring is full when at most that many entries are free (64, and 512 more with page modification
  // logging).
  static constexpr std::uint32_t kMostReserved = 1024;
  static constexpr std::uint32_t kFewestEntries = 2 * kMostReserved;

  // `mapping` holds the entries; their number is a power of two, at least kFewestEntries.
  explicit DirtyRing(Mapping mapping);

  // Notes the page of each entry published since the last harvest as written (MemoryRegion::written; memory slots are
  // numbered as regions) and gives the entries back, to be followed by KVM_RESET_DIRTY_RINGS. Their number.
  std::uint32_t harvest(const GuestMemory& memory);

  // KVM says that the ring is full and harvest() found nothing: gives back entries that an overflow has overwritten,
  // for which KVM still waits. False if there was no overflow.
  bool give_back_lost();

  // Whether harvests since the last call saw every write. They did not if the ring may have overflowed, or if an entry
  // named a page that is not in `memory`.
  bool took_all();

 private:
  [[nodiscard]] kvm_dirty_gfn& entry(std::uint32_t index) const;
  std::uint32_t harvest_all_around(const GuestMemory& memory);
  void pass_lost_entries();

  Mapping mapping_;
  kvm_dirty_gfn* entries_;
  std::uint32_t size_;
  std::uint32_t next_ = 0;  // the oldest entry that KVM waits for, modulo the ring's size
  bool missed_ = false;
  bool overflowed_ = false;  // ever: KVM may wait for entries it has overwritten
};

}  // namespace remapstorm
