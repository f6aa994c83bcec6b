// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <future>
#include <thread>

#include "tests/vmm/kvm/bare_guest.h"
#include "vmm/arch/x86_64/boot_layout.h"
#include "vmm/arch/x86_64/kvm/msr.h"
#include "vmm/arch/x86_64/msi.h"
#include "vmm/arch/x86_64/paging.h"

namespace remapstorm {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

void set_breakpoint(BareGuest& guest, std::uint64_t address) {
  const std::array<Gva, 1> one = {Gva(address)};
  must(guest.vcpu().set_breakpoints(one));
}

constexpr unsigned kStepVector = 0x60;

// pc after a step; a step without an end is a failure and not a hung test.
Gva step_with_patience(BareGuest& guest) {
  std::promise<void> ended;
  std::thread watcher([&, over = ended.get_future()] {
    while (over.wait_for(std::chrono::seconds(20)) == std::future_status::timeout) guest.vcpu().kick();
  });
  const Stop stop = guest.vcpu().step();
  ended.set_value();
  watcher.join();
  return expect_stop<StepStop>(stop).pc;
}

TEST(Breakpoint, EachTurnOfALoopHitsOnce) {
  BareGuest guest({0xb9, 0x64, 0x00, 0x00, 0x00,  // mov ecx, 100
                   0xff, 0xc9,                    // dec ecx      <- breakpoint
                   0x75, 0xfc,                    // jnz
                   0xef});                        // out dx, eax
  set_breakpoint(guest, kCode + 5);
  for (unsigned i = 0; i < 100; ++i) {
    EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, Gva(kCode + 5));
    EXPECT_EQ(guest.registers().rcx, 100 - i);
  }
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(Step, GoesOnBehindAnInstructionThatLoadsTheFlags) {
  BareGuest guest({0x6a, 0x02,  // push 2
                   0x9d,        // popf
                   0x90, 0x90,  // nop; nop
                   0xef});      // out dx, eax
  for (const std::uint64_t next : {2, 3, 4, 5}) {
    EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step()).pc, Gva(kCode + next));
  }
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(Breakpoint, AnInstructionThatJumpsToItselfHitsEachTime) {
  BareGuest guest({0xb9, 0x05, 0x00, 0x00, 0x00,  // mov ecx, 5
                   0xe2, 0xfe,                    // loop $       <- breakpoint
                   0xef});
  set_breakpoint(guest, kCode + 5);
  for (unsigned i = 0; i < 5; ++i) {
    expect_stop<BreakpointStop>(guest.vcpu().run());
    EXPECT_EQ(guest.registers().rcx, 5 - i);
  }
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(Breakpoint, ARepeatedStringInstructionHitsOnce) {
  BareGuest guest({0xb9, 0x40, 0x00, 0x00, 0x00,  // mov ecx, 64
                   0xbf, 0x00, 0x80, 0x10, 0x00,  // mov edi, 0x108000
                   0xf3, 0xaa,                    // rep stosb    <- breakpoint
                   0xef});
  set_breakpoint(guest, kCode + 10);
  expect_stop<BreakpointStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rcx, 64u);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rcx, 0u);
}

TEST(Breakpoint, OnAPortAccessHitsOnceAndTheAccessHappensOnce) {
  BareGuest guest({0xb8, 0x07, 0x00, 0x00, 0x00,  // mov eax, 7
                   0xef,                          // out dx, eax  <- breakpoint
                   0xff, 0xc0, 0xef});            // inc eax; out dx, eax
  set_breakpoint(guest, kCode + 5);
  expect_stop<BreakpointStop>(guest.vcpu().run());
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 7u);
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 8u);
}

TEST(Breakpoint, FourAtOnceAndNeighbours) {
  BareGuest guest({0x90, 0x90, 0x90, 0x90, 0x90, 0xef});
  const std::array<Gva, 4> four = {Gva(kCode), Gva(kCode + 1), Gva(kCode + 3), Gva(kCode + 4)};
  must(guest.vcpu().set_breakpoints(four));
  for (const Gva address : four) EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, address);
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(Breakpoint, FiveAreRefused) {
  BareGuest guest({0xef});
  const std::array<Gva, 5> five = {};
  const Status status = guest.vcpu().set_breakpoints(five);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::usage);
}

TEST(Breakpoint, RemovedOnesDoNotHit) {
  BareGuest guest({0x90, 0x90, 0xef});
  set_breakpoint(guest, kCode + 1);
  expect_stop<BreakpointStop>(guest.vcpu().run());
  must(guest.vcpu().set_breakpoints({}));
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(Breakpoint, AnInterruptInPlaceOfTheInstructionIsTheSameOccurrence) {
  // The NMI handler counts in rbx and returns to the instruction under the breakpoint.
  BareGuest guest({0x90, 0x90,                            // nop; nop     <- breakpoint on the second
                   0xff, 0xc0, 0xef});                    // inc eax; out dx, eax
  guest.load(kHandlers, {0x48, 0xff, 0xc3, 0x48, 0xcf});  // inc rbx; iretq
  guest.set_gate(2, kHandlers);
  set_breakpoint(guest, kCode + 1);
  expect_stop<BreakpointStop>(guest.vcpu().run());
  must(guest.vcpu().nmi());
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 1u);
  EXPECT_EQ(guest.registers().rbx, 1u);
}

// KVM emulates what the handler writes to the local APIC, and the step ends there: far from the frame.
TEST(Breakpoint, TheStepThatEndsInsideTheHandlerLeavesNoTrapFlag) {
  BareGuest guest({0x90, 0xb8, 0x07, 0x00, 0x00, 0x00,        // nop; mov eax, 7
                   0xef,                                      // out dx, eax   <- breakpoint
                   0xff, 0xc0, 0xef});                        // inc eax; out dx, eax
  guest.load(kHandlers, {0x48, 0x83, 0xec, 0x60,              // sub rsp, 0x60
                         0xbf, 0xb0, 0x00, 0xe0, 0xfe,        // mov edi, 0xfee000b0
                         0xc7, 0x07, 0x00, 0x00, 0x00, 0x00,  // mov dword [rdi], 0
                         0x48, 0x83, 0xc4, 0x60,              // add rsp, 0x60
                         0x48, 0x8b, 0x5c, 0x24, 0x10,        // mov rbx, [rsp+16]: the saved flags
                         0x48, 0xcf});                        // iretq
  guest.set_gate(2, kHandlers);
  set_breakpoint(guest, kCode + 6);
  expect_stop<BreakpointStop>(guest.vcpu().run());
  must(guest.vcpu().nmi());
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 7u);
  EXPECT_EQ(guest.registers().rbx & (1u << 8), 0u);
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 8u);
}

TEST(Breakpoint, OneInsideTheHandlerStillHits) {
  BareGuest guest({0x90, 0x90, 0xff, 0xc0, 0xef});
  guest.load(kHandlers, {0x48, 0xff, 0xc3, 0x48, 0xcf});
  guest.set_gate(2, kHandlers);
  const std::array<Gva, 2> both = {Gva(kCode + 1), Gva(kHandlers)};
  must(guest.vcpu().set_breakpoints(both));
  EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, Gva(kCode + 1));
  must(guest.vcpu().nmi());
  EXPECT_EQ(expect_stop<BreakpointStop>(guest.vcpu().run()).pc, Gva(kHandlers));
  EXPECT_EQ(guest.registers().rbx, 0u);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rbx, 1u);
}

// The step that the interrupt replaced must leave no trap flag in the frame the handler returns through.
TEST(Breakpoint, TheInterruptedContextKeepsItsFlags) {
  BareGuest guest({0x90, 0x90, 0xff, 0xc0, 0xef});
  guest.load(kHandlers, {0x48, 0x8b, 0x5c, 0x24, 0x10,  // mov rbx, [rsp+16]: the saved flags
                         0x48, 0xcf});                  // iretq
  guest.set_gate(2, kHandlers);
  set_breakpoint(guest, kCode + 1);
  expect_stop<BreakpointStop>(guest.vcpu().run());
  must(guest.vcpu().nmi());
  must(guest.vcpu().set_breakpoints({}));
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rflags & x86_64::kFlagTrap, 0u);
}

// The frame is the last thing on its stack page, with nothing mapped behind it.
TEST(Breakpoint, AFrameAtTheEndOfMemoryIsFound) {
  BareGuest guest({0x90, 0x90, 0xff, 0xc0, 0xef});
  guest.load(kHandlers, {0x48, 0xff, 0xc3, 0x48, 0xcf});  // inc rbx; iretq
  guest.set_gate(2, kHandlers);
  auto registers = guest.registers();
  registers.rsp = kRam;
  must(guest.vcpu().set_registers(registers));
  set_breakpoint(guest, kCode + 1);
  expect_stop<BreakpointStop>(guest.vcpu().run());
  must(guest.vcpu().nmi());
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rbx, 1u);
}

TEST(Step, AnInterruptTakenInsteadLeavesNoTrapFlag) {
  BareGuest guest({0x90, 0x90, 0x90, 0xef});
  guest.load(kHandlers, {0x90, 0x48, 0xff, 0xc3, 0x48, 0xcf});
  guest.set_gate(2, kHandlers);
  must(guest.vcpu().nmi());
  expect_stop<StepStop>(guest.vcpu().step());
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rbx, 1u);
  EXPECT_EQ(guest.registers().rflags & x86_64::kFlagTrap, 0u);
}

// Hardware clears the trap flag when it delivers.
TEST(Step, AnNmiWhoseHandlerNeverReturnsEndsAtItsEntry) {
  BareGuest guest({0x90, 0x90, 0xef});
  guest.load(kHandlers, {0x90, 0xeb, 0xfe});  // nop; jmp $
  guest.set_gate(2, kHandlers);
  must(guest.vcpu().nmi());
  EXPECT_EQ(step_with_patience(guest), Gva(kHandlers));
  EXPECT_EQ(step_with_patience(guest), Gva(kHandlers + 1));
}

TEST(Step, AnInterruptOfTheLocalApicEndsAtItsEntry) {
  BareGuest guest({0xfb, 0x90, 0x90, 0xef});  // sti
  guest.load(kHandlers, {0xeb, 0xfe});
  guest.set_gate(kStepVector, kHandlers);
  guest.enable_apic();
  const auto message = x86_64::msi_message(0, kStepVector);
  must(guest.vm().signal_msi(message.address, message.data));
  EXPECT_EQ(step_with_patience(guest), Gva(kCode + 1));
  // Some hosts hold it back for the instruction behind STI, some do not.
  Gva at = step_with_patience(guest);
  if (at == Gva(kCode + 2)) at = step_with_patience(guest);
  EXPECT_EQ(at, Gva(kHandlers));
}

TEST(Step, APageFaultEndsAtItsEntry) {
  BareGuest guest({0x48, 0xa1, 0, 0, 0, 0, 2, 0, 0, 0, 0x90, 0xef});  // mov rax, [0x200000000]
  guest.load(kHandlers, {0xeb, 0xfe});
  guest.set_gate(14, kHandlers);
  EXPECT_EQ(step_with_patience(guest), Gva(kHandlers));
}

// In a page of the kernel's own; where KVM cannot see the call, the fetch there faults.
TEST(Step, ASystemCallEndsAtItsEntryAndItsCallerKeepsItsFlags) {
  constexpr std::uint64_t kTarget = 0x200000, kTaskState = 0x10e000,
                          kSecondLargePage = x86_64::kPageTablesAddress + 0x2008;
  BareGuest guest({0x0f, 0x05, 0xef});  // syscall
  guest.load(kTarget, {0xeb, 0xfe});
  guest.load(kHandlers, {0xeb, 0xfe});
  guest.set_gate(14, kHandlers);
  const auto table = take(guest.vcpu().system_registers()).idt;
  must(x86_64::enter_long_mode(guest.vcpu(), guest.memory(), x86_64::Privilege::user));
  const auto entry = guest.memory().load<std::uint64_t>(Gpa(kSecondLargePage));
  ASSERT_TRUE(entry && guest.memory().store(Gpa(kSecondLargePage), *entry & ~x86_64::kPteUser));
  ASSERT_TRUE(guest.memory().store<std::uint64_t>(Gpa(kTaskState + 4), kStackTop));  // RSP0 (SDM volume 3, 8.7)
  auto system = take(guest.vcpu().system_registers());
  system.idt = table;
  system.tr.base = kTaskState;
  system.efer |= x86_64::kEferSystemCall;
  must(guest.vcpu().set_system_registers(system));
  constexpr std::uint64_t kKernelCode = std::uint64_t{x86_64::kCodeSelector} << 32;
  must(host_kvm::set_msr(guest.vm().fds().vcpus[0], x86_64::kMsrSystemCallSelectors, kKernelCode));
  must(host_kvm::set_msr(guest.vm().fds().vcpus[0], x86_64::kMsrSystemCallTarget, kTarget));
  must(host_kvm::set_msr(guest.vm().fds().vcpus[0], x86_64::kMsrSystemCallFlagMask, x86_64::kFlagTrap));
  EXPECT_THAT(step_with_patience(guest), AnyOf(Gva(kTarget), Gva(kHandlers)));
  EXPECT_EQ(guest.registers().r11 & x86_64::kFlagTrap, 0u);
}

// Of an exception that nobody expects the entry is no breakpoint.
TEST(Step, OneWithoutAnEndIsToldAsSuch) {
  BareGuest guest({0x0f, 0x0b, 0xef});  // ud2
  guest.load(kHandlers, {0xeb, 0xfe});
  guest.set_gate(6, kHandlers);
  const Stop stop = guest.vcpu().step();
  if (const auto* step = std::get_if<StepStop>(&stop)) {
    EXPECT_EQ(step->pc, Gva(kHandlers));  // a KVM that steps into handlers by itself
  } else {
    EXPECT_THAT(expect_stop<HostErrorStop>(stop).error.message, HasSubstr("a step did not end"));
  }
}

TEST(Step, AHandlerEnteredByAStepReturnsWithoutATrap) {
  BareGuest guest({0x90, 0x90, 0x90, 0xef});
  guest.load(kHandlers, {0x48, 0xff, 0xc3, 0x48, 0xcf});  // inc rbx; iretq
  guest.set_gate(2, kHandlers);
  guest.set_gate(1, 0);  // a #DB of the guest's own would be the end of it
  must(guest.vcpu().nmi());
  EXPECT_EQ(step_with_patience(guest), Gva(kHandlers));
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rbx, 1u);
}

TEST(Step, WalksInstructionByInstruction) {
  BareGuest guest({0x90, 0x31, 0xc0, 0xff, 0xc0, 0xef});  // nop; xor eax, eax; inc eax; out
  for (const std::uint64_t offset : {1, 3, 5}) {
    EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step()).pc, Gva(kCode + offset));
  }
  expect_stop<DoorbellStop>(guest.vcpu().step());
  EXPECT_EQ(guest.registers().rip, kCode + 6);
}

TEST(Step, BlockingInterruptsExecutesTheInstruction) {
  BareGuest guest({0x90, 0x90, 0xef});
  guest.load(kHandlers, {0x48, 0xff, 0xc3, 0x48, 0xcf});
  guest.set_gate(2, kHandlers);
  must(guest.vcpu().nmi());
  EXPECT_EQ(expect_stop<StepStop>(guest.vcpu().step(Vcpu::Interrupts::blocked)).pc, Gva(kCode + 1));
  EXPECT_EQ(guest.registers().rbx, 0u);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rbx, 1u);
}

TEST(Nmi, IsDeliveredAndReturns) {
  BareGuest guest({0x48, 0x85, 0xdb, 0x74, 0xfb,  // test rbx, rbx; jz back
                   0xef});
  guest.load(kHandlers, {0x48, 0xff, 0xc3, 0x48, 0xcf});
  guest.set_gate(2, kHandlers);
  must(guest.vcpu().nmi());
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rbx, 1u);
}

}  // namespace
}  // namespace remapstorm
