// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "tests/vmm/kvm/arm64/bare_guest.h"
#include "vmm/arch/arm64/kvm/one_reg.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/calibrate.h"
#include "vmm/linux_boot.h"

namespace remapstorm {
namespace {

TEST(Run, ADoorbellStopsBehindItsStore) {
  BareGuest guest({0x528000e0 /* mov w0, #7 */, kRing, kForever});
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 7U);
  EXPECT_EQ(guest.registers().pc, kCode + 8);
}

TEST(Run, WhatIsWrittenToTheConsoleIsThereAndFewWritesLeaveTheGuest) {
  constexpr unsigned kBytes = 200;  // more than KVM's ring holds
  static_assert(arm64::kSerialBase == 0xe0000000);
  BareGuest guest({0xd2bc0003 /* movz x3, #0xe000, lsl #16 */, 0x52800004 | kBytes << 5 /* mov w4, #kBytes */,
                   0x39000064 /* strb w4, [x3] */, 0x51000484 /* sub w4, w4, #1 */, 0x35ffffc4 /* cbnz w4, -8 */, kRing,
                   kForever});
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.platform().console().bytes_written(), kBytes);
  EXPECT_LT(guest.vcpu().take_exit_counts()[Exit(MmioExit{}).index()], kBytes / 10);
}

TEST(Run, AKickTakesItOut) {
  BareGuest guest({kForever});
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    guest.vcpu().kick();
  });
  expect_stop<InterruptedStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().pc, kCode);
}

TEST(Run, WhoWaitsForAnInterruptIsHalted) {
  BareGuest guest({kNop, kWfi, kForever});
  EXPECT_FALSE(take(guest.vcpu().state()).halted);
  EXPECT_EQ(take(guest.vcpu().readiness()), Vcpu::Readiness::runs);
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    guest.vcpu().kick();
  });
  expect_stop<InterruptedStop>(guest.vcpu().run());
  EXPECT_TRUE(take(guest.vcpu().state()).halted);
  EXPECT_EQ(take(guest.vcpu().readiness()), Vcpu::Readiness::halted);
}

TEST(Run, AnotherVcpuWaitsUntilItIsStarted) {
  BareGuest guest({kForever}, 2);
  EXPECT_EQ(take(guest.vcpu(1).readiness()), Vcpu::Readiness::absent);
  EXPECT_TRUE(take(guest.vcpu(1).state()).halted);
  must(guest.vcpu(1).make_runnable());
  EXPECT_EQ(take(guest.vcpu(1).readiness()), Vcpu::Readiness::runs);
}

TEST(Run, PowerOffByPsci) {
  BareGuest guest({0x52800100,  // mov w0, #8
                   0x72b08000,  // movk w0, #0x8400, lsl 16: SYSTEM_OFF
                   0xd4000002,  // hvc #0
                   kForever});
  EXPECT_EQ(expect_stop<ShutdownStop>(guest.vcpu().run()).why, ShutdownStop::Why::system_event);
}

TEST(Run, NothingAnswersElsewhere) {
  BareGuest guest({0xb9400040 /* ldr w0, [x2] */, kRing, kForever});
  auto registers = guest.registers();
  registers.x[2] = 0xcf100000;
  must(guest.vcpu().set_registers(registers));
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, ~0U);
  EXPECT_EQ(guest.vm().mmio().unclaimed_accesses(), 1U);
}

TEST(Run, TheCounterOfAGuestRunsAtTheRateItIsTold) {
  BareGuest guest({kForever});
  const std::uint64_t hz = take(guest.vcpu().guest_counter_hz());
  const SteadyClock clock;
  const Nanoseconds began = clock.now();
  const std::uint64_t before = take(guest.vcpu().guest_counter());
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const std::uint64_t ticks = take(guest.vcpu().guest_counter()) - before;
  const double seconds = std::chrono::duration<double>(clock.now() - began).count();
  EXPECT_GE(static_cast<double>(ticks), 0.19 * static_cast<double>(hz));
  EXPECT_LE(static_cast<double>(ticks), 1.01 * seconds * static_cast<double>(hz));
}

TEST(Calibrate, SeesAHostThatRunsTheKernelAsFastAsUserMode) {
  const Kvm kvm = take(Kvm::open());
  const Calibration calibration = take(calibrate(kvm, SteadyClock()));
  EXPECT_EQ(calibration.kind, HostKind::hardware);
  EXPECT_TRUE(calibration.breakpoints);
  EXPECT_GT(calibration.port_round_trip.count(), 0);
}

TEST(VmCreate, AGuestCanBeShownALowerLevelOfFeatBbm) {
  const Kvm kvm = take(Kvm::open());
  const auto memory = take(GuestMemory::create(kRam));
  for (const unsigned level : {0U, 1U, 2U}) {
    VmConfig config;
    config.vcpus = 2;
    config.cpu.bbm = level;
    const auto vm = take(Vm::create(kvm, *memory, config));
    for (unsigned i = 0; i < 2; ++i) {
      const std::uint64_t features = take(host_kvm::one_reg(vm->vcpu(i).fd(), arm64::kIdAa64Mmfr2El1));
      EXPECT_EQ(features >> 52 & 0xf, level);
    }
  }
  VmConfig config;
  config.cpu.bbm = 3;
  EXPECT_EQ(Vm::create(kvm, *memory, config).error().kind, ErrorKind::unavailable);
}

TEST(VmCreate, RefusesWhatOnlyX86Has) {
  const Kvm kvm = take(Kvm::open());
  const auto memory = take(GuestMemory::create(kRam));
  VmConfig config;
  config.cpu.hidden_features = {"erms"};
  const auto vm = Vm::create(kvm, *memory, config);
  ASSERT_FALSE(vm.ok());
  EXPECT_EQ(vm.error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace remapstorm
