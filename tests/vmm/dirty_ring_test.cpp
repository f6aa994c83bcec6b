// SPDX-License-Identifier: Apache-2.0
// Rings made up: published, taken, given back and overrun as KVM does it (api.rst, KVM_CAP_DIRTY_LOG_RING).
#include "vmm/dirty_ring.h"

#include <gtest/gtest.h>
#include <linux/kvm.h>

#include <set>

#include "base/rng.h"
#include "vmm/dirty_tracker.h"

namespace remapstorm {
namespace {

constexpr std::uint32_t kEntries = DirtyRing::kFewestEntries;
constexpr std::uint64_t kWatchedRam = 4 << 20;

// KVM's side of a ring: counts for itself, trusts nothing but the flags.
class Publisher {
 public:
  explicit Publisher(std::byte* ring) : ring_(reinterpret_cast<kvm_dirty_gfn*>(ring)) {}
  void publish(std::uint32_t slot, std::uint64_t page) {
    kvm_dirty_gfn& entry = ring_[published_++ % kEntries];
    entry.slot = slot;
    entry.offset = page;
    entry.flags = KVM_DIRTY_GFN_F_DIRTY;
  }
  // KVM_RESET_DIRTY_RINGS: how many it took back.
  unsigned reset() {
    unsigned count = 0;
    for (; (ring_[reset_ % kEntries].flags & KVM_DIRTY_GFN_F_RESET) != 0; ++count) ring_[reset_++ % kEntries].flags = 0;
    return count;
  }
  [[nodiscard]] unsigned in_use() const { return published_ - reset_; }
  // What makes it leave KVM_RUN.
  [[nodiscard]] bool full() const { return in_use() >= kEntries - 64; }

 private:
  kvm_dirty_gfn* ring_;
  unsigned published_ = 0;
  unsigned reset_ = 0;
};

class DirtyRingTest : public testing::Test {
 protected:
  DirtyRingTest() : memory_(GuestMemory::create(kWatchedRam).value()) {
    EXPECT_TRUE(memory_->add_region("mailbox", Gpa(0xd0000000), 16384).ok());
    Mapping mapping = Mapping::anonymous(kEntries * sizeof(kvm_dirty_gfn), "a ring").value();
    kvm_ = std::make_unique<Publisher>(mapping.data());
    ring_ = std::make_unique<DirtyRing>(std::move(mapping));
  }
  std::set<std::uint64_t> written(std::size_t region = 0) {
    std::vector<std::uint64_t> bitmap(kWatchedRam / kGuestPageSize / 64);
    memory_->regions()[region]->written->take(bitmap);
    std::set<std::uint64_t> pages;
    for (std::uint64_t page = 0; page < kWatchedRam / kGuestPageSize; ++page) {
      if ((bitmap[page / 64] >> page % 64 & 1) != 0) pages.insert(page);
    }
    return pages;
  }

  std::unique_ptr<GuestMemory> memory_;
  std::unique_ptr<Publisher> kvm_;
  std::unique_ptr<DirtyRing> ring_;
};

using Pages = std::set<std::uint64_t>;

TEST_F(DirtyRingTest, AnEmptyRingGivesNothing) {
  EXPECT_EQ(ring_->harvest(*memory_), 0U);
  EXPECT_TRUE(ring_->took_all());
  EXPECT_EQ(kvm_->reset(), 0U);
}

TEST_F(DirtyRingTest, PagesOfAllSlotsAreNotedAndGivenBack) {
  kvm_->publish(0, 0);
  kvm_->publish(0, kWatchedRam / kGuestPageSize - 1);
  kvm_->publish(1, 3);
  kvm_->publish(0, 0);
  EXPECT_EQ(ring_->harvest(*memory_), 4U);
  EXPECT_TRUE(ring_->took_all());
  EXPECT_EQ(written(), (Pages{0, kWatchedRam / kGuestPageSize - 1}));
  EXPECT_EQ(written(1), Pages{3});
  EXPECT_EQ(kvm_->reset(), 4U);
  EXPECT_EQ(kvm_->in_use(), 0U);
}

// Until KVM has taken an entry back it is neither new nor free.
TEST_F(DirtyRingTest, NothingIsTakenTwice) {
  kvm_->publish(0, 5);
  EXPECT_EQ(ring_->harvest(*memory_), 1U);
  EXPECT_EQ(ring_->harvest(*memory_), 0U);
  kvm_->publish(0, 6);
  EXPECT_EQ(ring_->harvest(*memory_), 1U);
  EXPECT_EQ(written(), (Pages{5, 6}));
  EXPECT_EQ(kvm_->reset(), 2U);
}

TEST_F(DirtyRingTest, GoesRoundForEver) {
  Rng rng(3);
  for (int round = 0; round < 100; ++round) {
    Pages pages;
    for (std::uint64_t n = rng.next() % kEntries; n > 0; --n) {
      const std::uint64_t page = rng.next() % (kWatchedRam / kGuestPageSize);
      pages.insert(page);
      kvm_->publish(0, page);
    }
    ring_->harvest(*memory_);
    EXPECT_TRUE(ring_->took_all());
    EXPECT_EQ(written(), pages);
    kvm_->reset();
    ASSERT_EQ(kvm_->in_use(), 0U);
  }
}

TEST_F(DirtyRingTest, PlacesThatAreNoneAreRefusedAndSaid) {
  struct Place {
    std::uint32_t slot;
    std::uint64_t page;
  };
  for (const Place place : {Place{0, kWatchedRam / kGuestPageSize}, Place{1, 4}, Place{2, 0}, Place{1u << 16, 0},
                            Place{~0U, ~0ULL}, Place{0, 1ULL << 52}, Place{0, ~0ULL}}) {
    kvm_->publish(place.slot, place.page);
    kvm_->publish(0, 7);
    EXPECT_EQ(ring_->harvest(*memory_), 2U);
    EXPECT_FALSE(ring_->took_all()) << place.slot << ", " << place.page;
    EXPECT_TRUE(ring_->took_all()) << "said once";
    EXPECT_EQ(written(), Pages{7});
    EXPECT_EQ(written(1), Pages{});
    EXPECT_EQ(kvm_->reset(), 2U);
  }
}

TEST_F(DirtyRingTest, AFullRingMayHaveOverflowed) {
  for (unsigned i = 0; i < kEntries - 1; ++i) kvm_->publish(0, i % 1024);
  EXPECT_EQ(ring_->harvest(*memory_), kEntries - 1);
  EXPECT_TRUE(ring_->took_all());
  kvm_->reset();
  for (unsigned i = 0; i < kEntries; ++i) kvm_->publish(0, i % 1024);
  EXPECT_EQ(ring_->harvest(*memory_), kEntries);
  EXPECT_FALSE(ring_->took_all());
}

// After an overflow of any size nothing that is published later is overlooked, and KVM gets all its entries back.
TEST_F(DirtyRingTest, GoesOnAfterAnOverflow) {
  for (unsigned lost = 0; lost < 5 * kEntries; lost += 173) {
    SCOPED_TRACE(lost);
    for (unsigned i = 0; i < kEntries + lost; ++i) kvm_->publish(0, 1);
    EXPECT_EQ(ring_->harvest(*memory_), kEntries);
    EXPECT_FALSE(ring_->took_all());
    kvm_->reset();
    written();
    if (lost % 2 == 0) {  // a write outside KVM_RUN, before KVM has said that the ring is full
      kvm_->publish(0, 19);
      EXPECT_EQ(ring_->harvest(*memory_), 1U);
      EXPECT_EQ(written(), Pages{19});
      kvm_->reset();
    }
    while (kvm_->full()) {
      EXPECT_EQ(ring_->harvest(*memory_), 0U) << "what was lost does not come back";
      ASSERT_TRUE(ring_->give_back_lost());
      ASSERT_GT(kvm_->reset(), 0U);
    }
    for (const std::uint64_t page : {20, 21, 22}) {
      kvm_->publish(0, page);
      EXPECT_EQ(ring_->harvest(*memory_), 1U);
      EXPECT_TRUE(ring_->took_all());
      EXPECT_EQ(written(), Pages{page});
      kvm_->reset();
      EXPECT_EQ(kvm_->in_use(), 0U);
    }
  }
}

TEST_F(DirtyRingTest, NothingIsGivenBackThatWasNotLost) {
  EXPECT_FALSE(ring_->give_back_lost());
  EXPECT_EQ(kvm_->reset(), 0U);
}

TEST(ChooseTracking, WhatIsAskedForIsWhatOneGets) {
  for (const ShadowPaging shadows : {ShadowPaging::none, ShadowPaging::user, ShadowPaging::all}) {
    EXPECT_EQ(choose_tracking(DirtyTracking::ring, KVM_CAP_DIRTY_LOG_RING, shadows).value(), DirtyTracking::ring);
    EXPECT_EQ(choose_tracking(DirtyTracking::log, KVM_CAP_DIRTY_LOG_RING, shadows).value(), DirtyTracking::log);
    const auto refused = choose_tracking(DirtyTracking::ring, 0, shadows);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  }
}

TEST(ChooseTracking, ARingUnlessStoresAreInterpreted) {
  EXPECT_EQ(choose_tracking(DirtyTracking::automatic, KVM_CAP_DIRTY_LOG_RING, ShadowPaging::none).value(),
            DirtyTracking::ring);
  EXPECT_EQ(choose_tracking(DirtyTracking::automatic, KVM_CAP_DIRTY_LOG_RING, ShadowPaging::all).value(),
            DirtyTracking::ring);
  EXPECT_EQ(choose_tracking(DirtyTracking::automatic, KVM_CAP_DIRTY_LOG_RING, ShadowPaging::user).value(),
            DirtyTracking::log);
  EXPECT_EQ(choose_tracking(DirtyTracking::automatic, 0, ShadowPaging::none).value(), DirtyTracking::log);
}

}  // namespace
}  // namespace remapstorm
