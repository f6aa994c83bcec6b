// SPDX-License-Identifier: Apache-2.0
#include "vmm/dirty_ring.h"

#include <linux/kvm.h>

#include <atomic>
#include <bit>
#include <utility>

#include "base/check.h"

namespace remapstorm {
namespace {

bool published(kvm_dirty_gfn& entry) {
  return (std::atomic_ref<std::uint32_t>(entry.flags).load(std::memory_order_acquire) & KVM_DIRTY_GFN_F_DIRTY) != 0;
}

void give_back(kvm_dirty_gfn& entry) {
  std::atomic_ref<std::uint32_t>(entry.flags).store(KVM_DIRTY_GFN_F_RESET, std::memory_order_release);
}

bool note(const kvm_dirty_gfn& entry, const GuestMemory& memory) {
  const std::uint32_t slot = entry.slot;
  const std::uint64_t page = entry.offset;
  if (slot >= memory.regions().size()) return false;
  const MemoryRegion& region = *memory.regions()[slot];
  if (page >= region.size() / kGuestPageSize) return false;
  region.written->note(page * kGuestPageSize, kGuestPageSize);
  return true;
}

}  // namespace

DirtyRing::DirtyRing(Mapping mapping)
    : mapping_(std::move(mapping)),
      entries_(reinterpret_cast<kvm_dirty_gfn*>(mapping_.data())),
      size_(static_cast<std::uint32_t>(mapping_.size() / sizeof(kvm_dirty_gfn))) {
  RS_CHECK(std::has_single_bit(size_) && size_ >= kFewestEntries, "a dirty ring of a size that cannot be");
}

kvm_dirty_gfn& DirtyRing::entry(std::uint32_t index) const { return entries_[index & (size_ - 1)]; }

std::uint32_t DirtyRing::harvest(const GuestMemory& memory) {
  if (published(entry(next_ - 1))) return harvest_all_around(memory);
  if (overflowed_) pass_lost_entries();
  std::uint32_t count = 0;
  for (; published(entry(next_)); ++count, ++next_) {
    missed_ |= !note(entry(next_), memory);
    give_back(entry(next_));
  }
  return count;
}

// KVM waits for as many entries as there are, or more: it may have overwritten some. After an overflow it is ahead by
// those it overwrote; they are never published again, and KVM waits for them before it takes back any later one.
std::uint32_t DirtyRing::harvest_all_around(const GuestMemory& memory) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (published(entry(i))) {
      note(entry(i), memory);
      ++count;
    }
    give_back(entry(i));
  }
  missed_ = overflowed_ = true;
  return count;
}

void DirtyRing::pass_lost_entries() {
  std::uint32_t lost = 0;
  while (lost < size_ && !published(entry(next_ + lost))) ++lost;
  if (lost == size_) return;  // nothing new yet
  for (; lost != 0; --lost) give_back(entry(next_++));
}

// Full means that KVM waits for size - kMostReserved entries or more. It must never be given more than it waits for.
bool DirtyRing::give_back_lost() {
  if (!overflowed_) return false;
  for (std::uint32_t i = 0; i < size_ - kMostReserved; ++i) give_back(entry(next_++));
  return true;
}

bool DirtyRing::took_all() { return !std::exchange(missed_, false); }

}  // namespace remapstorm
