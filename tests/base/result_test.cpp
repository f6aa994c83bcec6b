// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <memory>

#include "base/check.h"
#include "base/memory_limit.h"
#include "base/syscall.h"

namespace remapstorm {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return usage_error("odd number: " + std::to_string(number), "give an even one");
  return number / 2;
}

Result<int> quarter(int number) {
  RS_ASSIGN(const int once, half(number));
  RS_ASSIGN(const int twice, half(once));
  return twice;
}

Status both_even(int first, int second) {
  RS_TRY(half(first));
  RS_TRY(half(second));
  return {};
}

TEST(Result, HoldsAValue) {
  const Result<int> result = half(8);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(*result, 4);
}

TEST(Result, HoldsAnError) {
  const Result<int> result = half(7);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
  EXPECT_EQ(result.error().message, "odd number: 7");
  EXPECT_EQ(result.error().hint, "give an even one");
}

TEST(Result, AssignStopsAtTheFirstError) {
  EXPECT_EQ(*quarter(8), 2);
  const Result<int> second_step = quarter(6);
  ASSERT_FALSE(second_step.ok());
  EXPECT_EQ(second_step.error().message, "odd number: 3");
}

TEST(Result, TryStopsAtTheFirstError) {
  EXPECT_TRUE(both_even(2, 4).ok());
  EXPECT_EQ(both_even(3, 5).error().message, "odd number: 3");
  EXPECT_EQ(both_even(2, 5).error().message, "odd number: 5");
}

TEST(Result, MovesValuesThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(42));
  const std::unique_ptr<int> taken = std::move(result).value();
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(*taken, 42);
}

TEST(Error, SaysWhatWasBeingDoneAndKeepsTheRest) {
  const Error inner = errno_error("open", "/nowhere", ENOENT, ErrorKind::unavailable);
  const Error outer = inner.in("loading vmlinux");
  EXPECT_EQ(outer.message, "loading vmlinux: open(/nowhere): No such file or directory");
  EXPECT_EQ(outer.kind, ErrorKind::unavailable);
  EXPECT_EQ(outer.errnum, ENOENT);
}

// Who can mend it, not where it surfaced.
TEST(Error, IsWorthARetryOnlyIfATryMayDoBetter) {
  for (const int lasting : {EACCES, EPERM, EROFS, ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP}) {
    EXPECT_EQ(errno_error("open", "x", lasting).kind, ErrorKind::unavailable) << lasting;
    EXPECT_EQ(kind_of_place(lasting, ChosenBy::user), ErrorKind::usage) << lasting;
    EXPECT_EQ(kind_of_place(lasting, ChosenBy::us), ErrorKind::unavailable) << lasting;
  }
  for (const int passing : {ENOSPC, EDQUOT, EIO, EAGAIN, EMFILE, ENOMEM}) {
    EXPECT_EQ(errno_error("open", "x", passing).kind, ErrorKind::host) << passing;
    EXPECT_EQ(kind_of_place(passing, ChosenBy::user), ErrorKind::host) << passing;
  }
  EXPECT_EQ(kind_of_place(ENOENT, ChosenBy::user), ErrorKind::usage) << "what mkdir says below /proc";
  EXPECT_EQ(errno_error("open", "x", EACCES, ErrorKind::usage).kind, ErrorKind::usage);
}

TEST(Error, OutOfMemoryNamesTheLimitOfThisProcess) {
  EXPECT_EQ(memory_error("x").kind, ErrorKind::host);
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_DATA, &before), 0);
  const rlimit limited = {rlim_t{64} << 30, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_DATA, &limited), 0);
  const Error error = memory_error("reading x");
  const Error of_call = errno_error("mmap", "x", ENOMEM);
  ::setrlimit(RLIMIT_DATA, &before);
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_EQ(error.message, "reading x: out of memory, of which this process may use 67108864 KiB (ulimit -d)");
  EXPECT_EQ(error.hint, "ulimit -d unlimited");
  EXPECT_EQ(of_call.kind, ErrorKind::unavailable);
  EXPECT_EQ(of_call.message, "mmap(x): out of memory, of which this process may use 67108864 KiB (ulimit -d)");
}

TEST(CheckCall, KeepsErrnoOfAFailedCall) {
  errno = EBUSY;
  const Result<int> failed = check_call(-1, "KVM_RUN", "vcpu 0");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().errnum, EBUSY);
  EXPECT_EQ(failed.error().kind, ErrorKind::host);
  EXPECT_EQ(*check_call(3, "open"), 3);
}

TEST(CheckDeathTest, NamesThePlaceAndTheCondition) {
  const int two = 2;
  EXPECT_DEATH(RS_CHECK(two == 3, "arithmetic holds"), "result_test.cpp:[0-9]+: arithmetic holds \\(two == 3\\)");
  RS_CHECK(two == 2, "a true condition goes on");
}

}  // namespace
}  // namespace remapstorm
