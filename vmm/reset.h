// SPDX-License-Identifier: Apache-2.0
// Reset: takes a machine back to a snapshot in place, at the price of what changed since.
//
// Memory: a DirtyTracker (dirty_tracker.h) says which pages were written. The head of the mailbox, which the harness
// writes through its own mapping, is always copied. Whoever else writes guest memory through a mapping says so:
// note_host_write().
//
// State: all of it is set again but what is proven to be without effect (host_kvm.h, restore_state), and before
// memory is copied, because setting some MSRs makes KVM write guest memory.
//
// Translations: on a host where KVM shadows the guest's page tables (StatePlan::shadow_paging) it does not see that
// this class writes them. Where an entry that KVM may have shadowed changes (arch/x86_64/stale_translations.h), a
// memory slot of one page that exists for this alone is moved: KVM drops all shadows of a machine whenever a slot is
// deleted or moved (KVM api.rst, KVM_X86_QUIRK_SLOT_ZAP_ALL, on by default). ResetCost::translations_dropped tells;
// docs/performance.md has the price.
//
// Breakpoints, kicks and page delays are the host's and stay; delays must be cancelled before.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "vmm/checkpoint.h"
#include "vmm/dirty_tracker.h"
#include "vmm/kvm_state.h"
#include "vmm/platform.h"
#include "vmm/snapshot.h"
#include "vmm/vm.h"

namespace remapstorm {

struct ResetCost {
  std::uint64_t pages_copied = 0;
  bool translations_dropped = false;
  Nanoseconds settle{0};        // completing accesses, devices
  Nanoseconds state{0};         // registers, interrupt controllers, timers
  Nanoseconds log{0};           // asking which pages were written
  Nanoseconds copy{0};          // copying them back
  Nanoseconds translations{0};  // dropping shadows
  [[nodiscard]] Nanoseconds total() const { return settle + state + log + copy + translations; }
};

class Reset {
 public:
  // Turns dirty tracking on. The machine may be anywhere: the first run() looks at all of memory. `vm`, `platform` and
  // `snapshot` must outlive the Reset; only one may exist for a Vm. Errors: usage for a snapshot of another shape;
  // host.
  static Result<std::unique_ptr<Reset>> create(Vm& vm, Platform& platform, const Snapshot& snapshot);
  // Turns dirty tracking off.
  ~Reset();
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

  // Every vCPU is outside run(). Back to the snapshot, or to a checkpoint of it. After an error the machine is of no
  // use. Errors: host.
  Result<ResetCost> run(const Checkpoint* to = nullptr);

  // The machine as it stands, every vCPU outside run(); run() was called before. `before`: an earlier one of the same
  // way; pages that were not written since are shared with it. Costs what was written since the last call. Errors:
  // host.
  Result<Checkpoint> checkpoint(const Checkpoint* before);

  // The slow oracle, to be asked right after run() without a checkpoint: everything that differs from the snapshot, by
  // name; at most kMaxDifferences. Every page and every piece of state is looked at; milliseconds.
  static constexpr std::size_t kMaxDifferences = 64;
  Result<std::vector<Difference>> compare();

 private:
  Reset(Vm& vm, Platform& platform, const Snapshot& snapshot) : vm_(vm), platform_(platform), snapshot_(snapshot) {}
  Status place_spare();
  Status collect(std::vector<DirtyTracker::Bitmap>& into);
  Status find_dirty();
  Status find_all(std::vector<DirtyTracker::Bitmap>& into) const;
  [[nodiscard]] Difference described(const MemoryImage::DifferentPage& page) const;
  bool copy_back(std::size_t region, ResetCost& cost) const;
  bool copy_pages(const Checkpoint& to, ResetCost& cost);

  Vm& vm_;
  Platform& platform_;
  const Snapshot& snapshot_;
  std::unique_ptr<DirtyTracker> tracker_;
  std::vector<DirtyTracker::Bitmap> dirty_;  // by region
  std::vector<DirtyTracker::Bitmap> known_;  // not as in the snapshot, and no longer in the tracker
  std::uint64_t memory_end_ = 0;
  Mapping spare_;
  unsigned spare_place_ = 0;
  bool first_ = true;  // what was written before tracking was on is not known
};

}  // namespace remapstorm
