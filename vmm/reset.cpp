// SPDX-License-Identifier: Apache-2.0
#include "vmm/reset.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>
#include <utility>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t pages_of(std::uint64_t bytes) { return (bytes + kGuestPageSize - 1) / kGuestPageSize; }

bool same(const Vcpu::RunState& a, const Vcpu::RunState& b) {
  return a.resume == b.resume && a.step_from == b.step_from && a.cr8 == b.cr8 && a.pending_data == b.pending_data &&
         a.pending_write.has_value() == b.pending_write.has_value();
}

}  // namespace

Result<std::unique_ptr<Reset>> Reset::create(Vm& vm, Platform& platform, const Snapshot& snapshot) {
  RS_TRY(snapshot.memory().check_shape(vm.memory()));
  if (snapshot.run_states().size() != vm.vcpu_count()) {
    return usage_error("the snapshot has " + std::to_string(snapshot.run_states().size()) + " vCPUs, this machine " +
                       std::to_string(vm.vcpu_count()));
  }
  std::unique_ptr<Reset> reset(new Reset(vm, platform, snapshot));
  for (const auto& region : vm.memory().regions()) {
    reset->dirty_.emplace_back((pages_of(region->size()) + 63) / 64);
    reset->known_.emplace_back((pages_of(region->size()) + 63) / 64);
    reset->memory_end_ = std::max(reset->memory_end_, region->base.value + region->size());
  }
  reset->tracker_ = DirtyTracker::create(vm);
  RS_TRY(reset->tracker_->track());
  if (vm.state_plan().shadow_paging != ShadowPaging::none) {
    RS_ASSIGN(reset->spare_, Mapping::anonymous(kGuestPageSize, "a spare page of guest memory"));
    RS_TRY(reset->place_spare());
  }
  return reset;
}

Reset::~Reset() {
  if (tracker_) static_cast<void>(tracker_->untrack());
  if (spare_.size() == 0) return;
  kvm_userspace_memory_region none = {};
  none.slot = static_cast<std::uint32_t>(dirty_.size());
  static_cast<void>(::ioctl(vm_.fd(), KVM_SET_USER_MEMORY_REGION, &none));
}

// Creates the spare slot, or moves it, which makes KVM drop every shadow page.
Status Reset::place_spare() {
  kvm_userspace_memory_region slot = {};
  slot.slot = static_cast<std::uint32_t>(dirty_.size());
  slot.flags = KVM_MEM_READONLY;
  slot.guest_phys_addr = host_kvm::spare_pages().value + spare_place_ * kGuestPageSize;
  slot.memory_size = kGuestPageSize;
  slot.userspace_addr = reinterpret_cast<std::uintptr_t>(spare_.data());
  spare_place_ ^= 1;
  RS_TRY(check_call(::ioctl(vm_.fd(), KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION", "spare page"));
  return {};
}

// Into `into`: what was written since the last time, or more.
Status Reset::collect(std::vector<DirtyTracker::Bitmap>& into) {
  RS_ASSIGN(const bool whole, tracker_->collect(into));
  for (std::size_t i = 0; i < into.size(); ++i) {
    const std::uint64_t pages = pages_of(vm_.memory().regions()[i]->unnoted);
    for (std::uint64_t page = 0; page < pages; ++page) into[i][page / 64] |= 1ULL << (page % 64);
  }
  if (whole && !first_) return {};
  return find_all(into);
}

Status Reset::find_dirty() {
  RS_TRY(collect(dirty_));
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    for (std::size_t word = 0; word < dirty_[i].size(); ++word) {
      dirty_[i][word] |= std::exchange(known_[i][word], 0);
    }
  }
  return {};
}

Status Reset::find_all(std::vector<DirtyTracker::Bitmap>& into) const {
  RS_ASSIGN(const auto pages, snapshot_.memory().differences(vm_.memory()));
  for (const MemoryImage::DifferentPage& one : pages) into[one.region][one.page / 64] |= 1ULL << (one.page % 64);
  return {};
}

// True if a shadow of KVM's may have become stale.
bool Reset::copy_back(std::size_t region, ResetCost& cost) const {
  const ShadowPaging shadows = vm_.state_plan().shadow_paging;
  const MemoryImage::Region& image = snapshot_.memory().regions()[region];
  std::byte* memory = vm_.memory().regions()[region]->mapping.data();
  bool stale = false;
  for (std::size_t word = 0; word < dirty_[region].size(); ++word) {
    for (std::uint64_t bits = dirty_[region][word]; bits != 0; bits &= bits - 1) {
      const std::uint64_t page = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
      stale |= host_kvm::copy_page_and_look(memory + page * kGuestPageSize, image.page(page), shadows, memory_end_);
      ++cost.pages_copied;
    }
  }
  return stale;
}

// Over what the snapshot would put there: those pages are taken out of dirty_.
bool Reset::copy_pages(const Checkpoint& to, ResetCost& cost) {
  const ShadowPaging shadows = vm_.state_plan().shadow_paging;
  bool stale = false;
  for (const Checkpoint::Page& page : to.pages) {
    const std::uint64_t bit = 1ULL << (page.index % 64);
    dirty_[page.region][page.index / 64] &= ~bit;
    known_[page.region][page.index / 64] |= bit;
    std::byte* memory = vm_.memory().regions()[page.region]->mapping.data() + page.index * kGuestPageSize;
    stale |= host_kvm::copy_page_and_look(memory, page.bytes->data(), shadows, memory_end_);
    ++cost.pages_copied;
  }
  return stale;
}

Result<Checkpoint> Reset::checkpoint(const Checkpoint* before) {
  Checkpoint made;
  // The order is that of Snapshot::take().
  for (unsigned i = 0; i < vm_.vcpu_count(); ++i) {
    RS_ASSIGN(Vcpu::RunState run, vm_.vcpu(i).freeze());
    made.run.push_back(std::move(run));
  }
  RS_ASSIGN(made.kvm, host_kvm::save_state(vm_.fds(), vm_.state_plan()));
  RS_TRY(collect(dirty_));
  std::map<std::pair<std::size_t, std::uint64_t>, std::shared_ptr<const Checkpoint::PageBytes>> old;
  if (before != nullptr) {
    for (const Checkpoint::Page& page : before->pages) old.emplace(std::pair(page.region, page.index), page.bytes);
  }
  for (std::size_t region = 0; region < dirty_.size(); ++region) {
    const std::byte* memory = vm_.memory().regions()[region]->mapping.data();
    for (std::size_t word = 0; word < dirty_[region].size(); ++word) {
      const std::uint64_t written = dirty_[region][word];
      known_[region][word] |= written;
      for (std::uint64_t bits = known_[region][word]; bits != 0; bits &= bits - 1) {
        const std::uint64_t index = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
        std::shared_ptr<const Checkpoint::PageBytes> bytes;
        const auto same = old.find({region, index});
        if ((written >> (index % 64) & 1) == 0 && same != old.end()) {
          bytes = same->second;
        } else {
          auto copy = std::make_shared<Checkpoint::PageBytes>();
          std::memcpy(copy->data(), memory + index * kGuestPageSize, kGuestPageSize);
          bytes = std::move(copy);
        }
        made.pages.push_back({region, index, std::move(bytes)});
      }
    }
  }
  made.platform = platform_.state();
  return made;
}

Result<ResetCost> Reset::run(const Checkpoint* to) {
  const SteadyClock clock;
  ResetCost cost;
  Nanoseconds last = clock.now();
  const auto lap = [&](Nanoseconds& phase) {
    const Nanoseconds now = clock.now();
    phase = now - last;
    last = now;
  };
  for (unsigned i = 0; i < vm_.vcpu_count(); ++i) RS_TRY(vm_.vcpu(i).abandon());
  RS_TRY(platform_.set_state(to != nullptr ? to->platform : snapshot_.platform_state()));
  lap(cost.settle);
  RS_TRY(host_kvm::restore_state(vm_.fds(), vm_.state_plan(), to != nullptr ? to->kvm : snapshot_.kvm_state(),
                                 first_ ? host_kvm::Restore::all : host_kvm::Restore::in_place));
  const auto& run = to != nullptr ? to->run : snapshot_.run_states();
  for (unsigned i = 0; i < vm_.vcpu_count(); ++i) RS_TRY(vm_.vcpu(i).thaw(run[i]));
  lap(cost.state);
  RS_TRY(find_dirty());
  lap(cost.log);
  bool stale = to != nullptr && copy_pages(*to, cost);
  for (std::size_t i = 0; i < dirty_.size(); ++i) stale |= copy_back(i, cost);
  lap(cost.copy);
  if (stale) {
    RS_TRY(place_spare());
    cost.translations_dropped = true;
  }
  lap(cost.translations);
  first_ = false;
  return cost;
}

Difference Reset::described(const MemoryImage::DifferentPage& page) const {
  const MemoryImage::Region& region = snapshot_.memory().regions()[page.region];
  const std::uint64_t at = page.page * kGuestPageSize + page.offset;
  const std::uint64_t address = region.base.value + at;
  char text[96];
  std::snprintf(text, sizeof(text), "byte at 0x%" PRIx64 ": 0x%02x became 0x%02x", address,
                std::to_integer<unsigned>(region.data[at]),
                std::to_integer<unsigned>(vm_.memory().regions()[page.region]->mapping.data()[at]));
  return {region.name, text};
}

Result<std::vector<Difference>> Reset::compare() {
  std::vector<Difference> out;
  for (unsigned i = 0; i < vm_.vcpu_count(); ++i) {
    RS_ASSIGN(const Vcpu::RunState now, vm_.vcpu(i).freeze());
    if (!same(now, snapshot_.run_states()[i]))
      out.push_back({"vcpu " + std::to_string(i), "its run loop is elsewhere"});
  }
  RS_ASSIGN(const KvmState now, host_kvm::save_state(vm_.fds(), vm_.state_plan()));
  for (Difference& one : compare_states(snapshot_.kvm_state(), now)) out.push_back(std::move(one));
  if (platform_.state() != snapshot_.platform_state()) out.push_back({"devices", "their state differs"});
  RS_ASSIGN(const std::vector<MemoryImage::DifferentPage> pages, snapshot_.memory().differences(vm_.memory()));
  for (const MemoryImage::DifferentPage& page : pages) {
    if (out.size() >= kMaxDifferences) break;
    out.push_back(described(page));
  }
  if (out.size() > kMaxDifferences) out.resize(kMaxDifferences);
  return out;
}

}  // namespace remapstorm
