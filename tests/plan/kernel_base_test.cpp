// SPDX-License-Identifier: Apache-2.0
#include "plan/kernel_base.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

TEST(KernelBase, IsWhatTheKernelMakesOfTheCommandLine) {
  EXPECT_EQ(kernel_base_of(""), KernelBase::unknown);
  EXPECT_EQ(kernel_base_of("console=ttyS0 panic=-1"), KernelBase::unknown);
  EXPECT_EQ(kernel_base_of("a remapstorm.stock_restore=0 b"), KernelBase::fixed);
  EXPECT_EQ(kernel_base_of("remapstorm.stock_restore=1"), KernelBase::stock);
  EXPECT_EQ(kernel_base_of("my.remapstorm.stock_restore=1 remapstorm.stock_restore_too=1"), KernelBase::unknown);
}

TEST(KernelBase, TheLastWordCounts) {
  EXPECT_EQ(kernel_base_of("remapstorm.stock_restore=0 x remapstorm.stock_restore=1"), KernelBase::stock);
  EXPECT_EQ(kernel_base_of("remapstorm.stock_restore=1 x remapstorm.stock_restore=0"), KernelBase::fixed);
}

TEST(KernelBase, TruthIsSpelledAsInTheKernel) {
  for (const char* yes : {"1", "y", "Yes", "t", "true", "on", "ON"}) {
    EXPECT_EQ(kernel_base_of(std::string("remapstorm.stock_restore=") + yes), KernelBase::stock) << yes;
  }
  for (const char* no : {"0", "n", "No", "f", "false", "off", "oF"}) {
    EXPECT_EQ(kernel_base_of(std::string("remapstorm.stock_restore=") + no), KernelBase::fixed) << no;
  }
  // No truth value: the kernel leaves it as it was.
  for (const char* neither : {"", "2", "o", "maybe"}) {
    EXPECT_EQ(kernel_base_of(std::string("remapstorm.stock_restore=1 remapstorm.stock_restore=") + neither),
              KernelBase::stock)
        << neither;
  }
}

TEST(KernelBase, NamesGoThereAndBack) {
  for (const KernelBase base : {KernelBase::unknown, KernelBase::fixed, KernelBase::stock}) {
    EXPECT_EQ(kernel_base_from_name(kernel_base_name(base)), base);
  }
  EXPECT_EQ(kernel_base_from_name("broken"), KernelBase::unknown);
}

}  // namespace
}  // namespace remapstorm
