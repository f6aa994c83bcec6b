// SPDX-License-Identifier: Apache-2.0
// Resets of a real guest against the slow oracle: after each, every page and every piece of state is as in the
// snapshot.
#include "vmm/reset.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/rng.h"
#include "guest/abi/remapstorm_abi.h"
#include "tests/snapshots/linux_guest.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/kernel.h"

namespace remapstorm {
namespace {

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* asked = std::getenv(variable);
  const unsigned long number = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 0;
  return number != 0 ? static_cast<unsigned>(number) : otherwise;
}

unsigned resets_to_do() { return number_from("REMAPSTORM_RESETS", 100); }

struct How {
  unsigned cpus;
  DirtyTracking tracking;
};

std::vector<How> all_ways(const std::vector<unsigned>& cpus) {
  std::vector<How> ways;
  for (const unsigned one : cpus) {
    for (const DirtyTracking tracking : kTrackings) ways.push_back({one, tracking});
  }
  return ways;
}

std::string name_of(const testing::TestParamInfo<How>& one) {
  return std::to_string(one.param.cpus) + (one.param.tracking == DirtyTracking::log ? "WithLog" : "WithRings");
}

void resets_agree_with_the_oracle(LinuxGuest& guest, const Snapshot& snapshot, unsigned count) {
  const unsigned cpus = guest.vm().vcpu_count();
  const auto reset = must(Reset::create(guest.vm(), guest.platform(), snapshot));
  must(reset->run());
  const unsigned seed = number_from("REMAPSTORM_SEED", 1);
  Rng rng(seed);
  std::uint64_t pages = 0;
  std::uint64_t dropped = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < count; ++i) {
    guest.set_workload(work_for(cpus, 3));
    const double seconds = 1e-4 * std::exp2(6 * rng.unit());  // 0.1 to 6.4 ms
    guest.run_to(RS_OP_DONE, seconds);
    const ResetCost cost = must(reset->run());
    pages += cost.pages_copied;
    dropped += cost.translations_dropped ? 1 : 0;
    const auto differences = must(reset->compare());
    ASSERT_EQ(text_of(differences), "") << "after reset " << i << " of " << count << ", seed " << seed << "\n"
                                        << guest.story();
    if (count > 1000 && i % 1000 == 999) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      std::printf("%u resets in %.0f s, %.0f pages each, shadows dropped in %.1f %%\n", i + 1, took.count(),
                  static_cast<double>(pages) / (i + 1), 100.0 * static_cast<double>(dropped) / (i + 1));
      std::fflush(stdout);
    }
  }
  guest.set_workload(work_for(cpus, 1));
  const auto failed = guest.run_to(RS_OP_DONE, 120);
  ASSERT_TRUE(failed) << guest.story();
  EXPECT_EQ(*failed, 0U) << guest.story();
}

class ResetOfLinux : public testing::TestWithParam<How> {};
class ResetOfLinuxInside : public testing::TestWithParam<How> {};

INSTANTIATE_TEST_SUITE_P(Vcpus, ResetOfLinux, testing::ValuesIn(all_ways(numbers_of_cpus())), name_of);
INSTANTIATE_TEST_SUITE_P(Vcpus, ResetOfLinuxInside, testing::ValuesIn(all_ways({2})), name_of);

TEST_P(ResetOfLinux, AtReady) {
  LinuxGuest guest(GetParam().cpus, GetParam().tracking);
  must(ready_guest(GetParam().cpus).restore(guest.vm(), guest.platform()));
  resets_agree_with_the_oracle(guest, ready_guest(GetParam().cpus), resets_to_do());
}

// At the doorbell of an armed probe, between break and make: the port write completes at the next entry.
// A checkpoint is gone back to as a snapshot taken at the same place would be, from wherever the guest went meanwhile.
TEST_P(ResetOfLinux, ToCheckpointsOnTheWay) {
  LinuxGuest guest(GetParam().cpus, GetParam().tracking);
  const Snapshot& ready = ready_guest(GetParam().cpus);
  must(ready.restore(guest.vm(), guest.platform()));
  const auto reset = must(Reset::create(guest.vm(), guest.platform(), ready));
  must(reset->run());
  guest.set_workload(work_for(GetParam().cpus, 3));
  struct Place {
    Snapshot whole;
    Checkpoint difference;
  };
  std::vector<Place> places;
  for (unsigned i = 0; i < 6; ++i) {
    guest.run_to(RS_OP_DONE, 2e-3);
    Snapshot whole = must(Snapshot::take(guest.vm(), guest.platform()));
    Checkpoint difference = must(reset->checkpoint(i == 0 ? nullptr : &places.back().difference));
    places.push_back({std::move(whole), std::move(difference)});
  }
  EXPECT_EQ(places[2].difference.pages.empty(), false);
  for (const unsigned at : {5U, 0U, 3U, 3U, 1U, 4U}) {
    guest.run_to(RS_OP_DONE, 1e-3);
    must(reset->run(&places[at].difference));
    const auto pages = must(places[at].whole.memory().differences(guest.vm().memory()));
    EXPECT_TRUE(pages.empty()) << pages.size() << " pages differ at " << at << ", the first in region "
                               << pages.front().region << ", page " << pages.front().page;
    const KvmState now = must(host_kvm::save_state(guest.vm().fds(), guest.vm().state_plan()));
    EXPECT_EQ(text_of(compare_states(places[at].whole.kvm_state(), now)), "") << "at " << at;
  }
  must(reset->run());
  EXPECT_EQ(text_of(must(reset->compare())), "") << "and back to the snapshot";
}

TEST_P(ResetOfLinuxInside, AWindow) {
  LinuxGuest guest(GetParam().cpus, GetParam().tracking);
  must(ready_guest(GetParam().cpus).restore(guest.vm(), guest.platform()));
  guest.set_workload(work_for(GetParam().cpus, 3));
  guest.mailbox().arm(RS_PROBE_BBM_BREAK);
  ASSERT_TRUE(guest.run_to(RS_OP_PROBE)) << guest.story();
  guest.mailbox().disarm(RS_PROBE_BBM_BREAK);
  const Snapshot snapshot = must(Snapshot::take(guest.vm(), guest.platform()));
  resets_agree_with_the_oracle(guest, snapshot, resets_to_do());
}

// At a breakpoint whose instruction has not run, reported already.
TEST(ResetOfLinuxAt, ABreakpoint) {
  LinuxGuest guest(1);
  must(ready_guest(1).restore(guest.vm(), guest.platform()));
  guest.set_workload(work_for(1, 3));
  const Kernel kernel = must(open_kernel({guest_image() + "/vmlinux", ""}, kHostIsa));
  const auto at = kernel.symbols.find("hugetlb_vmemmap_optimize_folios");
  ASSERT_TRUE(at);
  const std::array<Gva, 1> breakpoints = {*at};
  must(guest.vm().vcpu(0).set_breakpoints(breakpoints));
  const Stop stop = guest.run_first();
  ASSERT_TRUE(std::holds_alternative<BreakpointStop>(stop)) << describe(stop);
  const Snapshot snapshot = must(Snapshot::take(guest.vm(), guest.platform()));
  must(guest.vm().vcpu(0).set_breakpoints({}));
  resets_agree_with_the_oracle(guest, snapshot, resets_to_do());
}

}  // namespace
}  // namespace remapstorm
