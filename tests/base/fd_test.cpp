// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>
#include <utility>

namespace remapstorm {
namespace {

static_assert(!std::is_copy_constructible_v<Fd> && !std::is_copy_assignable_v<Fd>);
static_assert(!std::is_convertible_v<int, Fd>, "an int does not become an owned descriptor by accident");

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }
int open_something() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(Fd, ClosesWhenItGoes) {
  const int raw = open_something();
  {
    const Fd fd(raw);
    EXPECT_TRUE(fd.valid());
    EXPECT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(Fd, MovingLeavesTheOldOneEmpty) {
  Fd first(open_something());
  const int raw = first.get();
  const Fd second(std::move(first));
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): the moved-from state is what is tested
  EXPECT_EQ(second.get(), raw);
  EXPECT_TRUE(is_open(raw));
}

TEST(Fd, AssigningClosesWhatWasHeld) {
  Fd first(open_something());
  Fd second(open_something());
  const int closed = first.get();
  const int kept = second.get();
  first = std::move(second);
  EXPECT_FALSE(is_open(closed));
  EXPECT_TRUE(is_open(kept));
  EXPECT_EQ(first.get(), kept);
}

TEST(Fd, AssigningToItselfKeepsIt) {
  Fd fd(open_something());
  Fd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(fd.valid());
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(Fd, ResetTwiceIsHarmless) {
  Fd fd(open_something());
  fd.reset();
  fd.reset();
  EXPECT_FALSE(fd.valid());
}

}  // namespace
}  // namespace remapstorm
