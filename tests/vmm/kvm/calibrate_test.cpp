// SPDX-License-Identifier: Apache-2.0
#include "vmm/calibrate.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace remapstorm {
namespace {

TEST(Calibrate, MeasuresThisHost) {
  const auto kvm = Kvm::open();
  ASSERT_TRUE(kvm.ok()) << kvm.error().message;
  const SteadyClock clock;
  const Nanoseconds begin = clock.now();
  const auto result = calibrate(*kvm, clock);
  const Nanoseconds took = clock.now() - begin;
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_GT(result->kernel_instructions_per_second, 1e4);
  EXPECT_GT(result->user_instructions_per_second, 1e7);
  EXPECT_GT(result->port_round_trip, Nanoseconds(100));
  EXPECT_LT(result->port_round_trip, std::chrono::milliseconds(100));
  EXPECT_TRUE(result->breakpoints) << "of the KVMs seen only the one on QEMU 7.2's SVM has none (docs/lab.md)";
  RecordProperty("kernel_mips", static_cast<int>(result->kernel_instructions_per_second / 1e6));
  std::printf("%s: kernel %.2f M/s, user %.2f M/s, port %.2f us, took %.1f ms\n",
              std::string(host_kind_name(result->kind)).c_str(), result->kernel_instructions_per_second / 1e6,
              result->user_instructions_per_second / 1e6, static_cast<double>(result->port_round_trip.count()) / 1e3,
              static_cast<double>(took.count()) / 1e6);
}

}  // namespace
}  // namespace remapstorm
