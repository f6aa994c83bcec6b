// SPDX-License-Identifier: Apache-2.0
// Reset against its oracle with hand-assembled guests.
#include "vmm/reset.h"

#include "tests/vmm/kvm/arm64/bare_guest.h"
#include "vmm/arch/host_kvm.h"

namespace remapstorm {
namespace {

// Counts in memory and rings with the count.
const Code kCounter = {0xb9400040,  // ldr w0, [x2]
                       0x11000400,  // add w0, w0, #1
                       0xb9000040,  // str w0, [x2]
                       kRing, 0x17fffffc /* b back */};

Snapshot snapshot_of(BareGuest& guest) { return take(Snapshot::take(guest.vm(), guest.platform())); }
std::unique_ptr<Reset> reset_to(BareGuest& guest, const Snapshot& snapshot) {
  auto reset = take(Reset::create(guest.vm(), guest.platform(), snapshot));
  take(reset->run());
  return reset;
}

TEST(Reset, TheSameDoorbellsComeAgain) {
  BareGuest guest(kCounter, 2);
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 1U);
  const Snapshot snapshot = snapshot_of(guest);
  const auto reset = reset_to(guest, snapshot);
  for (int round = 0; round < 10; ++round) {
    for (std::uint32_t i = 2; i < 6; ++i) EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, i);
    take(reset->run());
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

TEST(Reset, TheOracleSeesWhatIsWrong) {
  BareGuest guest(kCounter);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  const Snapshot snapshot = snapshot_of(guest);
  const auto reset = reset_to(guest, snapshot);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  const std::string found = text_of(take(reset->compare()));
  EXPECT_NE(found.find("ram: byte at 0x40118000: 0x01 became 0x02"), std::string::npos) << found;
  EXPECT_NE(found.find("vcpu 0, registers: register 0x6030000000100000: 0x1 became 0x2"), std::string::npos) << found;
}

// What is left of an interrupt that came after the snapshot, taken or not.
TEST(Reset, InterruptsComeBackToo) {
  BareGuest guest({kNop, kNop, kForever});
  guest.load(kVectors + 0x280, {kRing, kForever});
  guest.enable_interrupts();
  guest.start(0, kCode, 0);
  const Snapshot snapshot = snapshot_of(guest);
  const auto reset = reset_to(guest, snapshot);
  for (int round = 0; round < 4; ++round) {
    guest.line(LineLevel::high);
    if (round % 2 == 0) expect_stop<DoorbellStop>(guest.vcpu().run());
    EXPECT_NE(text_of(take(reset->compare())), "");
    take(reset->run());
    EXPECT_EQ(text_of(take(reset->compare())), "");
    EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step()).pc, Gva(kCode + 4));  // none is taken
    take(reset->run());
  }
}

// A masked interrupt that was pending then is pending again.
TEST(Reset, WhatWasPendingIsPendingAgain) {
  BareGuest guest({kNop, 0xd50342ff /* msr daifclr, #2 */, kNop, kForever});
  guest.enable_interrupts();
  guest.line(LineLevel::high);
  const Snapshot snapshot = snapshot_of(guest);
  const auto reset = reset_to(guest, snapshot);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step()).pc, Gva(kCode + 4));
    EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step()).pc, Gva(kCode + 8));
    EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step()).pc, Gva(kVectors + 0x280));
    guest.line(LineLevel::low);
    take(reset->run());
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

// The timers' interrupts are active by the host's controller, where KVM takes no write of that bit.
TEST(Reset, ATimerInterruptThatWasTakenMeanwhileIsNotActiveAnyMore) {
  BareGuest guest({0xd51be35f,  // msr cntv_cval_el0, xzr
                   0xd2800023,  // mov x3, #1
                   0xd51be323,  // msr cntv_ctl_el0, x3
                   kForever});
  guest.load(kVectors + 0x280, {0xd538cc00 /* mrs x0, icc_iar1_el1 */, kRing, kForever});
  guest.enable_interrupts(arm64::kTimerVirtualPpi);
  guest.start(0, kCode, 0);
  const Snapshot snapshot = snapshot_of(guest);
  const auto reset = reset_to(guest, snapshot);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, arm64::intid_of_ppi(arm64::kTimerVirtualPpi));
    take(reset->run());
    ASSERT_EQ(text_of(take(reset->compare())), "");
  }
}

// KVM_SET_VCPU_EVENTS takes none back.
TEST(Reset, AnSErrorThatWaitsIsGone) {
  BareGuest guest({0xd50344ff /* msr daifclr, #4 */, kNop, kForever});
  const Snapshot snapshot = snapshot_of(guest);
  const auto reset = reset_to(guest, snapshot);
  must(guest.vcpu().serror(0x11));
  take(reset->run());
  EXPECT_EQ(text_of(take(reset->compare())), "");
  EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step()).pc, Gva(kCode + 4));
  EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step()).pc, Gva(kCode + 8));
}

// KVM takes no write that makes one active: the handler goes on, and what comes next comes.
TEST(Reset, ASnapshotInTheMiddleOfATimerInterruptGoesOnBehindIt) {
  BareGuest guest({0xd51be35f,              // msr cntv_cval_el0, xzr
                   0xd2800023, 0xd51be323,  // mov x3, #1; msr cntv_ctl_el0, x3
                   kForever});
  guest.load(kVectors + 0x280, {0xd538cc00 /* mrs x0, icc_iar1_el1 */, kRing,  //
                                0xd51be33f /* msr cntv_ctl_el0, xzr */, 0xd518cc20 /* msr icc_eoir1_el1, x0 */, kRing,
                                0xd51be323 /* msr cntv_ctl_el0, x3: once more */, kEret});
  guest.enable_interrupts(arm64::kTimerVirtualPpi);
  guest.start(0, kCode, 0);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  const Snapshot inside = snapshot_of(guest);
  const auto reset = reset_to(guest, inside);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(text_of(take(reset->compare())), "");
    for (int ring = 0; ring < 5; ++ring) EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 27U);
    take(reset->run());
  }
}

TEST(Reset, TheCounterGoesBack) {
  BareGuest guest(kCounter);
  const Snapshot snapshot = snapshot_of(guest);
  const auto reset = reset_to(guest, snapshot);
  const std::uint64_t then = take(guest.vcpu().guest_counter());
  const std::uint64_t hz = take(guest.vcpu().guest_counter_hz());
  std::uint64_t before = then;
  while (before < then + hz / 2) before = take(guest.vcpu().guest_counter());
  take(reset->run());
  EXPECT_LT(take(guest.vcpu().guest_counter()), before);
}

TEST(Counter, IsSetForAllVcpus) {
  BareGuest guest({kForever}, 2);
  constexpr std::uint64_t kThen = 1ULL << 40;
  must(guest.vm().set_counter(kThen));
  const std::uint64_t hz = take(guest.vcpu().guest_counter_hz());
  for (unsigned i = 0; i < 2; ++i) {
    const std::uint64_t now = take(guest.vcpu(i).guest_counter());
    EXPECT_GE(now, kThen);
    EXPECT_LT(now, kThen + 60 * hz);
  }
}

TEST(Restore, RefusesWhatIsOfAnotherMachine) {
  BareGuest one(kCounter), two(kCounter, 2);
  KvmState state = take(host_kvm::save_state(one.vm().fds(), one.vm().state_plan()));
  EXPECT_EQ(host_kvm::restore_state(two.vm().fds(), two.vm().state_plan(), state).error().kind, ErrorKind::usage);
  state.vcpus[0].front().bytes.resize(3);
  EXPECT_EQ(host_kvm::restore_state(one.vm().fds(), one.vm().state_plan(), state).error().kind, ErrorKind::usage);
  state.vcpus[0].clear();
  EXPECT_EQ(host_kvm::restore_state(one.vm().fds(), one.vm().state_plan(), state).error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace remapstorm
