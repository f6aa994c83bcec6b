// SPDX-License-Identifier: Apache-2.0
// A booted guest in a fresh machine: nothing differs, and it goes on to its end.
#include <gtest/gtest.h>

#include "guest/abi/remapstorm_abi.h"
#include "tests/snapshots/linux_guest.h"
#include "vmm/arch/host_kvm.h"

namespace remapstorm {
namespace {

void restores_and_goes_on(unsigned cpus) {
  const Snapshot& snapshot = ready_guest(cpus);

  for (int round = 0; round < 2; ++round) {
    LinuxGuest second(cpus);
    must(snapshot.restore(second.vm(), second.platform()));
    const Snapshot again = must(Snapshot::take(second.vm(), second.platform()));
    EXPECT_EQ(text_of(host_kvm::compare_states(snapshot.kvm_state(), again.kvm_state())), "");
    EXPECT_EQ(snapshot.platform_state(), again.platform_state());
    second.set_workload("vcpu=0 run=hugetlb-cycle pages=1 repeat=1");
    const auto failed = second.run_to(RS_OP_DONE);
    ASSERT_TRUE(failed) << second.story();
    EXPECT_EQ(*failed, 0U) << second.story();
  }
}

TEST(Restore, OneVcpuGoesOnInAFreshMachine) { restores_and_goes_on(1); }
TEST(Restore, TwoVcpusGoOnInAFreshMachine) { restores_and_goes_on(2); }

}  // namespace
}  // namespace remapstorm
