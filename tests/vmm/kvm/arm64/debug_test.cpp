// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <thread>

#include "tests/vmm/kvm/arm64/bare_guest.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kIrqVector = kVectors + 0x280, kFaultVector = kVectors + 0x200;

void set_breakpoint(BareGuest& guest, std::uint64_t address) {
  const std::array<Gva, 1> one = {Gva(address)};
  must(guest.vcpu().set_breakpoints(one));
}

Gva step(BareGuest& guest, Vcpu::Interrupts interrupts = Vcpu::Interrupts::taken) {
  return expect_stop<StepStop>(guest.vcpu().step(interrupts)).pc;
}

TEST(Step, EndsBehindEachInstruction) {
  BareGuest guest({kNop, 0x14000002 /* b +8 */, kNop, 0xd4000001 /* svc #0 */});
  EXPECT_EQ(step(guest), Gva(kCode + 4));
  EXPECT_EQ(step(guest), Gva(kCode + 12));
  EXPECT_EQ(step(guest), Gva(kFaultVector));  // of a synchronous exception
}

TEST(Step, ADoorbellIsReportedAndItsStepEndsWithIt) {
  BareGuest guest({kRing, kNop, kForever});
  expect_stop<DoorbellStop>(guest.vcpu().step());
  EXPECT_EQ(guest.registers().pc, kCode + 4);
  EXPECT_EQ(step(guest), Gva(kCode + 8));
}

// x2: the cell. Adds one to it; w3: whether the store failed.
const Code kAtomic = {0x885f7c40,  // ldxr w0, [x2]
                      0x11000400,  // add w0, w0, #1
                      0x88037c40,  // stxr w3, w0, [x2]
                      0x35ffffa3,  // cbnz w3, back
                      kRing,      kForever};

TEST(Step, AnExclusiveSequenceIsOne) {
  for (const auto interrupts : {Vcpu::Interrupts::taken, Vcpu::Interrupts::blocked}) {
    BareGuest guest(kAtomic);
    EXPECT_EQ(step(guest, interrupts), Gva(kCode + 12));
    EXPECT_EQ(guest.registers().x[3], 0U) << "the store succeeded";
    EXPECT_EQ(step(guest, interrupts), Gva(kCode + 16));
    EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 1U);
  }
}

TEST(Step, AnInterruptIsTakenInPlaceOfAnExclusiveSequence) {
  BareGuest guest(kAtomic);
  guest.enable_interrupts();
  guest.start(0, kCode, 0);
  guest.line(LineLevel::high);
  EXPECT_EQ(step(guest), Gva(kIrqVector));
  EXPECT_EQ(guest.registers().elr_el1, kCode);
}

TEST(Step, AFaultInAnExclusiveSequenceEndsIt) {
  BareGuest guest(
      {0x885f7c40 /* ldxr w0, [x2] */, 0x00000000 /* udf #0 */, 0x88037c40 /* stxr w3, w0, [x2] */, kForever});
  EXPECT_EQ(step(guest), Gva(kFaultVector));
  EXPECT_EQ(guest.registers().elr_el1, kCode + 4);
}

// Due or not: nor does one that waits already.
TEST(Step, ATimerThatIsHeldIsNotTaken) {
  BareGuest guest({0xd53be040 /* mrs x0, cntvct_el0 */, 0x91404000 /* add x0, x0, #16 << 12 */,  // 1 ms at 62.5 MHz
                   0xd51be340 /* msr cntv_cval_el0, x0 */, 0xd2800023 /* mov x3, #1 */,
                   0xd51be323 /* msr cntv_ctl_el0, x3 */, kRing, kNop, kNop, kForever});
  guest.enable_interrupts(arm64::kTimerVirtualPpi);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_TRUE(take(guest.vcpu().hold_timer()));
  EXPECT_FALSE(take(guest.vcpu().hold_timer())) << "it is masked";
  arm64::Registers registers = guest.registers();
  registers.pstate &= ~arm64::kPstateI;
  must(guest.vcpu().set_registers(registers));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // due at 1 GHz, too
  EXPECT_EQ(step(guest), Gva(kCode + 28));
  must(guest.vcpu().release_timer());
  EXPECT_TRUE(take(guest.vcpu().hold_timer())) << "due by now";
  EXPECT_EQ(step(guest), Gva(kCode + 32));
  must(guest.vcpu().release_timer());
  EXPECT_EQ(step(guest), Gva(kIrqVector));
}

// To step off it by one instruction would make it begin anew for ever.
TEST(Breakpoint, OnAnExclusiveLoadHitsOnce) {
  BareGuest guest(kAtomic);
  set_breakpoint(guest, kCode);
  EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, Gva(kCode));
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 1U);
}

// A guest may make a sequence that has no end: a kick takes the vCPU out of it.
TEST(Breakpoint, OnASequenceWithoutAnEndAKickIsNotLost) {
  BareGuest guest(
      {0x885f7c40 /* ldxr w0, [x2] */, 0x3400001f /* cbz wzr, . */, 0x88037c40 /* stxr w3, w0, [x2] */, kForever});
  set_breakpoint(guest, kCode);
  EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, Gva(kCode));
  for (int round = 0; round < 3; ++round) {
    std::jthread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      guest.vcpu().kick();
    });
    expect_stop<InterruptedStop>(guest.vcpu().run());
    EXPECT_EQ(guest.registers().pc, kCode + 4);
  }
}

TEST(Step, OfASequenceWithoutAnEndIsAnError) {
  BareGuest guest(
      {0x885f7c40 /* ldxr w0, [x2] */, 0x3400001f /* cbz wzr, . */, 0x88037c40 /* stxr w3, w0, [x2] */, kForever});
  EXPECT_NE(expect_stop<HostErrorStop>(guest.vcpu().step()).error.message, "");
}

TEST(ErrorExceptions, AnSErrorComesWithItsSyndromeWhenItIsNotMasked) {
  BareGuest guest({kNop, 0xd50344ff /* msr daifclr, #4 */, kNop, kForever});
  must(guest.vcpu().serror(0x1811));
  EXPECT_EQ(step(guest), Gva(kCode + 4));
  EXPECT_EQ(step(guest), Gva(kCode + 8));
  EXPECT_TRUE(take(guest.vcpu().serror_waits()));
  EXPECT_EQ(step(guest), Gva(kVectors + 0x380));
  EXPECT_FALSE(take(guest.vcpu().serror_waits()));
  EXPECT_EQ(take(guest.vcpu().system_registers()).esr_el1, 0xbe001811U);
}

TEST(ErrorExceptions, AnExternalAbortStandsForTheNextInstruction) {
  BareGuest guest({kRing, kNop, kForever});
  expect_stop<DoorbellStop>(guest.vcpu().run());
  constexpr Gva kStructPage(0xfffffdffc0000040);
  must(guest.vcpu().external_abort(kStructPage));
  EXPECT_EQ(step(guest), Gva(kFaultVector));
  const auto system = take(guest.vcpu().system_registers());
  EXPECT_EQ(system.far_el1, kStructPage.value);
  EXPECT_EQ(guest.registers().elr_el1, kCode + 4);
  EXPECT_EQ(system.esr_el1 >> 26, 0x25U);
  EXPECT_EQ(system.esr_el1 & 0x3f, 0x10U);
}

TEST(Breakpoint, EachTurnOfALoopHitsOnce) {
  BareGuest guest({0x52800c80,                     // mov w0, #100
                   0x51000400,                     // sub w0, w0, #1   <- breakpoint
                   0x35ffffe0, kRing, kForever});  // cbnz w0, back
  set_breakpoint(guest, kCode + 4);
  for (unsigned i = 0; i < 100; ++i) {
    EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, Gva(kCode + 4));
    EXPECT_EQ(guest.registers().x[0], 100 - i);
  }
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(Breakpoint, FourInARow) {
  BareGuest guest({kNop, kNop, kNop, kNop, kRing, kForever});
  const std::array<Gva, 4> four = {Gva(kCode), Gva(kCode + 4), Gva(kCode + 8), Gva(kCode + 12)};
  must(guest.vcpu().set_breakpoints(four));
  for (const Gva one : four) EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, one);
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(Step, APendingInterruptIsTakenInPlaceOfTheInstruction) {
  BareGuest guest({kNop, kNop, kForever});
  guest.enable_interrupts();
  guest.start(0, kCode, 0);
  EXPECT_EQ(take(guest.vcpu().state()).interrupts_enabled, true);
  EXPECT_EQ(step(guest), Gva(kCode + 4));
  guest.line(LineLevel::high);
  EXPECT_EQ(step(guest), Gva(kIrqVector));
  EXPECT_EQ(guest.registers().elr_el1, kCode + 4);
  EXPECT_EQ(take(guest.vcpu().state()).interrupts_enabled, false);
}

TEST(Step, ABlockedOneTakesNoInterruptAndTheNextDoes) {
  BareGuest guest({kNop, kNop, kForever});
  guest.enable_interrupts();
  guest.start(0, kCode, 0);
  guest.line(LineLevel::high);
  EXPECT_EQ(step(guest, Vcpu::Interrupts::blocked), Gva(kCode + 4));
  EXPECT_EQ(step(guest), Gva(kIrqVector));
  EXPECT_EQ(guest.registers().elr_el1, kCode + 4);
}

// Linux with pseudo-NMIs: PSTATE.I is clear, and ICC_PMR_EL1 holds interrupts off.
TEST(State, InterruptsAreOffByTheirPriorityToo) {
  BareGuest guest({kNop, kForever});
  guest.enable_interrupts();
  guest.start(0, kCode, 0);
  guest.set_word(KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, arm64::kPriorityMask, 0x60);
  EXPECT_EQ(take(guest.vcpu().state()).interrupts_enabled, false);
  guest.set_word(KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, arm64::kPriorityMask, 0xe0);
  EXPECT_EQ(take(guest.vcpu().state()).interrupts_enabled, true);
}

// The handler returns to the breakpoint, whose instruction has not run: the same occurrence, which stays silent.
TEST(Breakpoint, AnInterruptInPlaceOfItsInstructionIsNoSecondHit) {
  BareGuest guest({kNop, kNop, kRing, kForever});
  guest.load(kIrqVector, {0xb9000040 /* str w0, [x2] */, kRing, kEret});
  guest.enable_interrupts();
  guest.start(0, kCode, 0);
  set_breakpoint(guest, kCode + 4);
  EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, Gva(kCode + 4));
  guest.line(LineLevel::high);
  expect_stop<DoorbellStop>(guest.vcpu().run());  // the handler's
  EXPECT_EQ(guest.registers().pc, kIrqVector + 8);
  guest.line(LineLevel::low);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().pc, kCode + 12);
}

// Linux has a BRK in each WARN(): it is the guest's, whatever the host has armed.
TEST(Breakpoint, TheGuestsOwnBreakpointInstructionsAreItsOwn) {
  BareGuest guest({kNop, 0xd4210000 /* brk #0x800 */, kNop, kForever});
  guest.load(kFaultVector, {0xd5385200 /* mrs x0, esr_el1 */, kRing, kForever});
  set_breakpoint(guest, kCode + 8);
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 0xf2000800U);
  EXPECT_EQ(guest.registers().elr_el1, kCode + 4);

  guest.start(0, kCode + 4);
  EXPECT_EQ(step(guest), Gva(kFaultVector));
  EXPECT_EQ(guest.registers().elr_el1, kCode + 4);

  guest.start(0, kCode);
  set_breakpoint(guest, kCode + 4);
  EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, Gva(kCode + 4));
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(Breakpoint, MoreThanFourAreRefused) {
  BareGuest guest({kForever});
  const std::vector<Gva> five(5, Gva(kCode));
  EXPECT_EQ(guest.vcpu().set_breakpoints(five).error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace remapstorm
