// SPDX-License-Identifier: Apache-2.0
#include "vmm/calibrate.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

TEST(Classify, SlowKernelModeIsInterpreted) { EXPECT_EQ(classify(1.5e6, 4.3e9), HostKind::interpreting); }
TEST(Classify, EqualSpeedIsHardware) { EXPECT_EQ(classify(4.3e9, 4.3e9), HostKind::hardware); }
TEST(Classify, ASlowButEvenHostIsHardware) { EXPECT_EQ(classify(450e6, 450e6), HostKind::hardware); }
TEST(Classify, AnEmulatedHostOnABusyMachineIsHardware) { EXPECT_EQ(classify(20e6, 37e6), HostKind::hardware); }
TEST(Classify, TheRatioIsTwenty) {
  EXPECT_EQ(classify(100e6, 2.1e9), HostKind::interpreting);
  EXPECT_EQ(classify(100e6, 2.0e9), HostKind::hardware);
}
}  // namespace
}  // namespace remapstorm
