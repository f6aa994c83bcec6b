// SPDX-License-Identifier: Apache-2.0
// PageDelay against a real userfaultfd; the "guest" is a thread that reads the mapping. No /dev/kvm.
#include "injectors/page_delay.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <condition_variable>
#include <vector>

#include "base/mapping.h"
#include "base/syscall.h"

namespace remapstorm {
namespace {

using std::chrono::milliseconds;

class PageDelayTest : public testing::Test {
 protected:
  void SetUp() override {
    Fd memory(::memfd_create("page-delay-test", MFD_CLOEXEC));
    ASSERT_TRUE(memory.valid());
    ASSERT_EQ(::ftruncate(memory.get(), 4 * PageDelay::kPageSize), 0);
    auto mapping = Mapping::shared(memory, 4 * PageDelay::kPageSize, "test");
    ASSERT_TRUE(mapping.ok());
    mapping_ = std::move(*mapping);
    auto delay = PageDelay::create(clock_, [this](const PageDelayEnd& end) {
      if (end.token == kKeepsTheThread) std::this_thread::sleep_for(milliseconds(100));
      const std::lock_guard lock(mutex_);
      ends_.push_back(end);
      ended_.notify_all();
    });
    ASSERT_TRUE(delay.ok()) << delay.error().message << "; " << delay.error().hint;
    delay_ = std::move(*delay);
  }

  std::byte* page(std::size_t index) { return mapping_.data() + index * PageDelay::kPageSize; }
  std::byte touch(std::size_t index) { return *static_cast<volatile std::byte*>(page(index)); }
  void wait_for_ends(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(ended_.wait_for(lock, std::chrono::seconds(10), [&] { return ends_.size() >= count; }));
  }

  static constexpr std::uint32_t kKeepsTheThread = 77;
  SteadyClock clock_;
  Mapping mapping_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<PageDelayEnd> ends_;
  std::unique_ptr<PageDelay> delay_;
};

TEST_F(PageDelayTest, AccessWaitsAndFindsItsContent) {
  *page(1) = std::byte{0x5a};
  ASSERT_TRUE(delay_->arm(Gpa(0x1000), page(1), milliseconds(30), 9).ok());
  const Nanoseconds before = clock_.now();
  const std::byte value = touch(1);
  const Nanoseconds waited = clock_.now() - before;
  EXPECT_EQ(value, std::byte{0x5a});
  EXPECT_GE(waited, milliseconds(30));
  wait_for_ends(1);
  EXPECT_EQ(ends_[0].token, 9U);
  EXPECT_EQ(ends_[0].page, Gpa(0x1000));
  ASSERT_TRUE(ends_[0].measured.has_value());
  EXPECT_GE(*ends_[0].measured, milliseconds(30));
  EXPECT_FALSE(ends_[0].error.has_value());
}

TEST_F(PageDelayTest, OtherPagesAreNotDelayedAndTheSecondAccessIsFree) {
  ASSERT_TRUE(delay_->arm(Gpa(0), page(0), milliseconds(200), 1).ok());
  *page(1) = std::byte{1};
  EXPECT_FALSE(delay_->anyone_waiting());
  touch(0);
  wait_for_ends(1);
  const Nanoseconds before = clock_.now();
  touch(0);
  EXPECT_LT(clock_.now() - before, milliseconds(200));
}

TEST_F(PageDelayTest, SamePageTwiceIsRefusedUntilItEnded) {
  ASSERT_TRUE(delay_->arm(Gpa(0), page(0), milliseconds(1), 1).ok());
  const Status again = delay_->arm(Gpa(0), page(0), milliseconds(1), 2);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::usage);
  touch(0);
  wait_for_ends(1);
  EXPECT_TRUE(delay_->arm(Gpa(0), page(0), milliseconds(1), 3).ok());
}

TEST_F(PageDelayTest, CancelFreesTheWaitingAndReportsTheUntouched) {
  *page(3) = std::byte{7};
  ASSERT_TRUE(delay_->arm(Gpa(0x2000), page(2), std::chrono::hours(1), 1).ok());
  ASSERT_TRUE(delay_->arm(Gpa(0x3000), page(3), std::chrono::hours(1), 2).ok());
  std::thread reader([&] { EXPECT_EQ(touch(3), std::byte{7}); });
  while (!delay_->anyone_waiting()) std::this_thread::yield();
  delay_->cancel_all();
  reader.join();
  wait_for_ends(2);
  for (const PageDelayEnd& end : ends_) EXPECT_EQ(end.measured.has_value(), end.token == 2) << end.token;
}

// The thread that answers sleeps when it should answer the second: as on a host that does not run it.
TEST_F(PageDelayTest, WhatTheHostMadeLongerIsTold) {
  ASSERT_TRUE(delay_->arm(Gpa(0), page(0), milliseconds(10), kKeepsTheThread).ok());
  ASSERT_TRUE(delay_->arm(Gpa(0x1000), page(1), milliseconds(40), 2).ok());
  std::thread reader([&] { touch(0); });
  touch(1);
  reader.join();
  wait_for_ends(2);
  const auto& late = ends_[0].token == 2 ? ends_[0] : ends_[1];
  ASSERT_TRUE(late.measured.has_value());
  EXPECT_LE(late.late, *late.measured - late.requested);
  if (ends_[0].token == kKeepsTheThread) {  // else somebody kept the second reader from running for long
    EXPECT_GE(late.late, milliseconds(20));
  }
}

TEST_F(PageDelayTest, ManyReadersOfOnePageAllGoOn) {
  ASSERT_TRUE(delay_->arm(Gpa(0), page(0), milliseconds(20), 1).ok());
  std::vector<std::thread> readers;
  readers.reserve(8);
  for (int reader = 0; reader < 8; ++reader) {
    readers.emplace_back([&] { touch(0); });
  }
  for (std::thread& reader : readers) reader.join();
  wait_for_ends(1);
  EXPECT_EQ(ends_.size(), 1U);
}

}  // namespace
}  // namespace remapstorm
