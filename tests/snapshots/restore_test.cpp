// SPDX-License-Identifier: Apache-2.0
// A booted guest in a fresh machine: nothing differs, and it goes on to its end with every vCPU at work.
#include <gtest/gtest.h>

#include "guest/abi/remapstorm_abi.h"
#include "tests/snapshots/linux_guest.h"
#include "vmm/arch/host_kvm.h"

namespace remapstorm {
namespace {

class Restore : public testing::TestWithParam<unsigned> {};

INSTANTIATE_TEST_SUITE_P(Vcpus, Restore, testing::ValuesIn(numbers_of_cpus()), testing::PrintToStringParamName());

// Read one after the other: none is behind the one before, as they were when the guest booted.
void counters_agree(LinuxGuest& guest, unsigned cpus) {
  std::uint64_t last = 0;
  for (unsigned i = 0; i < 3 * cpus; ++i) {
    const std::uint64_t now = must(guest.vm().vcpu(i % cpus).guest_counter());
    EXPECT_GE(now, last) << "vcpu " << i % cpus;
    last = now;
  }
}

TEST_P(Restore, GoesOnInAFreshMachine) {
  const unsigned cpus = GetParam();
  const Snapshot& snapshot = ready_guest(cpus);
  for (int round = 0; round < 2; ++round) {
    LinuxGuest second(cpus);
    must(snapshot.restore(second.vm(), second.platform()));
    counters_agree(second, cpus);
    const Snapshot again = must(Snapshot::take(second.vm(), second.platform()));
    EXPECT_EQ(text_of(compare_states(snapshot.kvm_state(), again.kvm_state())), "");
    EXPECT_EQ(snapshot.platform_state(), again.platform_state());
    second.set_workload(work_for(cpus, 1));
    const auto failed = second.run_to(RS_OP_DONE, 120);
    ASSERT_TRUE(failed) << second.story();
    EXPECT_EQ(*failed, 0U) << second.story();
    counters_agree(second, cpus);
  }
}

}  // namespace
}  // namespace remapstorm
