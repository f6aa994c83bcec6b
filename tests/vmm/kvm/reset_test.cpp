// SPDX-License-Identifier: Apache-2.0
// Reset against its oracle with hand-assembled guests, with the dirty log and with dirty rings: what KVM does not see,
// accesses and steps under way, translations that KVM keeps.
#include "vmm/reset.h"

#include <array>
#include <chrono>
#include <thread>

#include "tests/vmm/kvm/bare_guest.h"
#include "vmm/arch/x86_64/kvm/msr.h"
#include "vmm/arch/x86_64/long_mode.h"

namespace remapstorm {
namespace {

// Like BareGuest, with the devices of a real machine.
class Machine {
 public:
  explicit Machine(DirtyTracking tracking, const Code& code, unsigned vcpus = 1,
                   std::uint32_t ring_entries = kDirtyRingEntries)
      : kvm_(take(Kvm::open())), memory_(take(GuestMemory::create(kRam))) {
    VmConfig config;
    config.vcpus = vcpus;
    config.dirty_tracking = tracking;
    config.dirty_ring_entries = ring_entries;
    vm_ = take(Vm::create(kvm_, *memory_, config));
    PlatformConfig devices;
    devices.doorbell = RS_DOORBELL_PORT;
    platform_ = take(Platform::create(*vm_, std::move(devices)));
    EXPECT_TRUE(memory_->write(Gpa(kCode), std::as_bytes(std::span(code))));
    for (unsigned i = 0; i < vcpus; ++i) start(i, kCode);
  }
  void start(unsigned index, std::uint64_t rip, x86_64::Privilege privilege = x86_64::Privilege::kernel) {
    must(x86_64::enter_long_mode(vm_->vcpu(index), *memory_, privilege));
    must(vm_->vcpu(index).make_runnable());
    x86_64::Registers registers;
    registers.rip = rip;
    registers.rsp = kStackTop - index * 0x1000;
    registers.rdx = kDoorbellPort;
    registers.rflags = x86_64::kFlagFixed;
    must(vm_->vcpu(index).set_registers(registers));
  }
  Snapshot snapshot() { return take(Snapshot::take(*vm_, *platform_)); }
  std::unique_ptr<Reset> reset_to(const Snapshot& snapshot) {
    auto reset = take(Reset::create(*vm_, *platform_, snapshot));
    take(reset->run());
    return reset;
  }
  Vcpu& vcpu(unsigned index = 0) { return vm_->vcpu(index); }
  GuestMemory& memory() { return *memory_; }
  Platform& platform() { return *platform_; }
  Vm& vm() { return *vm_; }

 private:
  Kvm kvm_;
  std::unique_ptr<GuestMemory> memory_;
  std::unique_ptr<Vm> vm_;
  std::unique_ptr<Platform> platform_;
};

// Counts in memory and rings with the count.
const Code kCounter = {0xff, 0x04, 0x25, 0x00, 0x80, 0x11, 0x00,  // inc dword [0x118000]
                       0x8b, 0x04, 0x25, 0x00, 0x80, 0x11, 0x00,  // mov eax, [0x118000]
                       0xef,                                      // out dx, eax
                       0xeb, 0xef};                               // jmp back

class Resets : public testing::TestWithParam<DirtyTracking> {};

std::string name_of(DirtyTracking tracking) { return tracking == DirtyTracking::log ? "WithLog" : "WithRings"; }

INSTANTIATE_TEST_SUITE_P(Tracking, Resets, testing::Values(DirtyTracking::log, DirtyTracking::ring),
                         [](const auto& one) { return name_of(one.param); });

TEST_P(Resets, TheSameDoorbellsComeAgain) {
  Machine machine(GetParam(), kCounter);
  EXPECT_EQ(expect_stop<DoorbellStop>(machine.vcpu().run()).value, 1U);
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  for (int round = 0; round < 20; ++round) {
    for (std::uint32_t i = 2; i < 6; ++i) EXPECT_EQ(expect_stop<DoorbellStop>(machine.vcpu().run()).value, i);
    const ResetCost cost = take(reset->run());
    EXPECT_GE(cost.pages_copied, 1U);
    EXPECT_LE(cost.pages_copied, 4U);
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

TEST_P(Resets, AMachineThatRanOnBeforeTheLogWasOnIsCaughtUp) {
  Machine machine(GetParam(), kCounter);
  expect_stop<DoorbellStop>(machine.vcpu().run());
  const Snapshot snapshot = machine.snapshot();
  for (int i = 0; i < 5; ++i) expect_stop<DoorbellStop>(machine.vcpu().run());
  ASSERT_TRUE(machine.memory().store<std::uint32_t>(Gpa(0x2000), 77));
  const auto reset = machine.reset_to(snapshot);
  EXPECT_EQ(text_of(take(reset->compare())), "");
  EXPECT_EQ(expect_stop<DoorbellStop>(machine.vcpu().run()).value, 2U);
}

TEST_P(Resets, TheOracleSeesWhatIsWrong) {
  Machine machine(GetParam(), kCounter);
  expect_stop<DoorbellStop>(machine.vcpu().run());
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  expect_stop<DoorbellStop>(machine.vcpu().run());
  const std::string found = text_of(take(reset->compare()));
  EXPECT_NE(found.find("ram: byte at 0x118000: 0x01 became 0x02"), std::string::npos) << found;
  EXPECT_NE(found.find("vcpu 0, registers"), std::string::npos) << found;
}

TEST_P(Resets, WhatTheHostWroteComesBackToo) {
  Machine machine(GetParam(), kCounter);
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  ASSERT_TRUE(machine.memory().store<std::uint64_t>(Gpa(0x3000), 1));
  ASSERT_TRUE(machine.memory().fill(Gpa(0x5ff0), 0x20, std::byte{7}));  // across two pages
  const std::array<std::byte, 3> three = {std::byte{1}, std::byte{2}, std::byte{3}};
  ASSERT_TRUE(machine.memory().write(Gpa(kRam - 3), three));
  *machine.memory().host_range(Gpa(0x9000), 1) = std::byte{9};
  machine.memory().note_host_write(Gpa(0x9000), 1);
  EXPECT_EQ(take(reset->run()).pages_copied, 5U);
  EXPECT_EQ(text_of(take(reset->compare())), "");
}

TEST_P(Resets, DevicesComeBack) {
  Machine machine(GetParam(), {0x66, 0xba, 0xff, 0x03,          // mov dx, 0x3ff (scratch)
                               0xb0, 0x42, 0xee,                // mov al, 0x42; out dx, al
                               0x66, 0xba, 0x50, 0x52, 0xef});  // mov dx, doorbell; out dx, eax
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  expect_stop<DoorbellStop>(machine.vcpu().run());
  EXPECT_EQ(machine.platform().console().state().scr, 0x42);
  take(reset->run());
  EXPECT_EQ(machine.platform().console().state().scr, 0);
  EXPECT_EQ(text_of(take(reset->compare())), "");
}

TEST_P(Resets, FromTheMiddleOfARepeatedPortWrite) {
  // Three doorbells from one instruction; the snapshot is taken at the first.
  const Code code = {0xbe, 0x00, 0x80, 0x10, 0x00,  // mov esi, 0x108000
                     0xb9, 0x03, 0x00, 0x00, 0x00,  // mov ecx, 3
                     0xf3, 0x6f,                    // rep outsd
                     0xb8, 0x63, 0x00, 0x00, 0x00,  // mov eax, 99
                     0xef};
  Machine machine(GetParam(), code);
  for (std::uint32_t i = 0; i < 3; ++i)
    ASSERT_TRUE(machine.memory().store<std::uint32_t>(Gpa(0x108000 + 4 * i), i + 1));
  const auto rest_of = [](Vcpu& vcpu) {
    std::vector<std::uint32_t> values;
    while (values.empty() || values.back() != 99) {
      const Stop stop = vcpu.run();
      const auto* bell = std::get_if<DoorbellStop>(&stop);
      if (bell == nullptr) break;
      values.push_back(bell->value);
    }
    return values;
  };
  EXPECT_EQ(expect_stop<DoorbellStop>(machine.vcpu().run()).value, 1U);
  const Snapshot snapshot = machine.snapshot();
  const std::vector<std::uint32_t> wanted = rest_of(machine.vcpu());
  EXPECT_EQ(wanted.back(), 99U);
  const auto reset = machine.reset_to(snapshot);
  EXPECT_EQ(text_of(take(reset->compare())), "");
  EXPECT_EQ(rest_of(machine.vcpu()), wanted);
  // And a reset out of the middle of it.
  take(reset->run());
  expect_stop<DoorbellStop>(machine.vcpu().run());
  take(reset->run());
  EXPECT_EQ(text_of(take(reset->compare())), "");
  EXPECT_EQ(rest_of(machine.vcpu()), wanted);
}

TEST_P(Resets, AnOccurrenceReportedBeforeTheSnapshotIsNotReportedAgain) {
  Machine machine(GetParam(), kCounter);
  const std::array<Gva, 1> at_out = {Gva(kCode + 14)};
  must(machine.vcpu().set_breakpoints(at_out));
  expect_stop<BreakpointStop>(machine.vcpu().run());
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(expect_stop<DoorbellStop>(machine.vcpu().run()).value, 1U);
    expect_stop<BreakpointStop>(machine.vcpu().run());
    EXPECT_EQ(expect_stop<DoorbellStop>(machine.vcpu().run()).value, 2U);
    take(reset->run());
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

TEST_P(Resets, AStepOfTheLastTrialLeavesNoTrapFlag) {
  Machine machine(GetParam(), kCounter);
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  expect_stop<StepStop>(machine.vcpu().step());
  expect_stop<StepStop>(machine.vcpu().step());
  take(reset->run());
  EXPECT_EQ(text_of(take(reset->compare())), "");
  EXPECT_EQ(expect_stop<DoorbellStop>(machine.vcpu().run()).value, 1U);
}

TEST_P(Resets, APendingInterruptIsPartOfTheSnapshot) {
  Machine machine(GetParam(), {0xeb, 0xfe});  // jmp $, interrupts off
  must(machine.vcpu().nmi());
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  EXPECT_EQ(text_of(take(reset->compare())), "");
  // There is no handler: taking it is a triple fault, each time.
  for (int round = 0; round < 3; ++round) {
    expect_stop<ShutdownStop>(machine.vcpu().run());
    take(reset->run());
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

// A mapping of user mode is changed by the guest's kernel after the snapshot; after the reset user mode reads through
// it. KVM that keeps shadows of the guest's page tables does not see the reset write them.
TEST_P(Resets, UserModeSeesTheMappingOfTheSnapshot) {
  constexpr std::uint64_t kTables = 0x200000;  // PML4, PDPT, PD, PT
  constexpr std::uint64_t kLeaf = kTables + 0x3000;
  constexpr std::uint64_t kAddress = 0x1f0000;
  constexpr std::uint64_t kEntry = kLeaf + (kAddress >> 12) * 8;
  constexpr std::uint64_t kKernelCode = 0x102000;
  constexpr std::uint64_t kUser = 7;                                            // present, writable, user
  Machine machine(GetParam(), {0x48, 0x8b, 0x04, 0x25, 0x00, 0x00, 0x1f, 0x00,  // mov rax, [kAddress]
                               0xeb, 0xfe});                                    // jmp $
  GuestMemory& memory = machine.memory();
  const auto put = [&](std::uint64_t at, std::uint64_t value) {
    ASSERT_TRUE(memory.store<std::uint64_t>(Gpa(at), value));
  };
  put(kTables, (kTables + 0x1000) | kUser);
  put(kTables + 0x1000, (kTables + 0x2000) | kUser);
  put(kTables + 0x2000, kLeaf | kUser);
  put(kTables + 0x2008, 0x200000 | 0x83);  // the tables themselves, for the kernel: a 2 MiB page
  for (std::uint64_t page = 0; page < 512; ++page) put(kLeaf + page * 8, page << 12 | kUser);
  put(kEntry, 0x110000 | kUser);
  put(0x110000, 0xaaaa);
  put(0x111000, 0xbbbb);
  const Code remap = {0x48, 0x89, 0x1f,   // mov [rdi], rbx
                      0x0f, 0x01, 0x3e,   // invlpg [rsi]
                      0xef, 0xeb, 0xfe};  // out dx, eax
  ASSERT_TRUE(memory.write(Gpa(kKernelCode), std::as_bytes(std::span(remap))));
  const auto enter = [&](std::uint64_t rip, x86_64::Privilege privilege) {
    machine.start(0, rip, privilege);
    auto system = take(machine.vcpu().system_registers());
    system.cr3 = kTables;
    must(machine.vcpu().set_system_registers(system));
  };
  // Runs until user mode has come to its loop. On a busy host one turn may end before its first instruction.
  const auto loop_reads = [&] {
    x86_64::Registers registers;
    for (int turn = 0; turn < 1000 && registers.rip != kCode + 8; ++turn) {
      std::jthread timer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        machine.vcpu().kick();
      });
      expect_stop<InterruptedStop>(machine.vcpu().run());
      timer.join();
      registers = take(machine.vcpu().registers());
    }
    EXPECT_EQ(registers.rip, kCode + 8) << "user mode has not come to its loop";
    return registers.rax;
  };
  const auto user_reads = [&] {
    enter(kCode, x86_64::Privilege::user);
    return loop_reads();
  };
  const auto kernel_maps = [&](std::uint64_t entry) {
    enter(kKernelCode, x86_64::Privilege::kernel);
    auto registers = take(machine.vcpu().registers());
    registers.rdi = kEntry;
    registers.rsi = kAddress;
    registers.rbx = entry;
    must(machine.vcpu().set_registers(registers));
    expect_stop<DoorbellStop>(machine.vcpu().run());
  };
  EXPECT_EQ(user_reads(), 0xaaaaU);
  enter(kCode, x86_64::Privilege::user);
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(loop_reads(), 0xaaaaU) << "round " << round;
    kernel_maps(0x111000 | kUser);
    EXPECT_EQ(user_reads(), 0xbbbbU);
    const ResetCost cost = take(reset->run());
    EXPECT_EQ(cost.translations_dropped, machine.vm().state_plan().shadow_paging != ShadowPaging::none);
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

// Setting MSRs makes KVM write a record of the guest's clock, on no vCPU's run.
TEST_P(Resets, WhatKvmWritesForAnMsrComesBackToo) {
  constexpr std::uint32_t kMsrKvmSystemTime = 0x4b564d01;
  constexpr std::uint64_t kRecord = 0x150000;
  Machine machine(GetParam(), kCounter);
  expect_stop<DoorbellStop>(machine.vcpu().run());
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  for (int round = 0; round < 3; ++round) {
    must(host_kvm::set_msr(machine.vm().fds().vcpus[0], kMsrKvmSystemTime, kRecord | 1));
    expect_stop<DoorbellStop>(machine.vcpu().run());
    EXPECT_NE(machine.memory().load<std::uint64_t>(Gpa(kRecord + 16)), 0U) << "KVM wrote nothing";
    take(reset->run());
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

// Many more stores than a ring has entries, on two vCPUs at once.
TEST_P(Resets, MoreWritesThanARingHoldsAreAllKnown) {
  const Code code = {0xb9, 0x00, 0x10, 0x00, 0x00,  // mov ecx, 4096
                     0xff, 0x07,                    // inc dword [rdi]
                     0x48, 0x83, 0xc7, 0x08,        // add rdi, 8
                     0xff, 0xc9,                    // dec ecx
                     0x75, 0xf6,                    // jnz inc
                     0xef, 0xeb, 0xee};             // out dx, eax; jmp start
  Machine machine(GetParam(), code, 2, DirtyRing::kFewestEntries);
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  const auto from = [&](unsigned index, std::uint64_t address) {
    auto registers = take(machine.vcpu(index).registers());
    registers.rdi = address;
    must(machine.vcpu(index).set_registers(registers));
  };
  for (int round = 0; round < 3; ++round) {
    from(0, 0x200000);
    from(1, 0x300000);
    std::jthread other([&] {
      for (int i = 0; i < 4; ++i) expect_stop<DoorbellStop>(machine.vcpu(1).run());
    });
    for (int i = 0; i < 4; ++i) expect_stop<DoorbellStop>(machine.vcpu(0).run());
    other.join();
    EXPECT_GE(take(reset->run()).pages_copied, 2U * 4 * 8);
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

// One instruction that writes more often than a ring has room: KVM looks for a full ring only between instructions.
TEST_P(Resets, AnInstructionThatOverflowsARingLosesNothing) {
  const Code code = {0x57, 0x51,        // push rdi; push rcx
                     0xf3, 0x48, 0xab,  // rep stosq
                     0x59, 0x5f,        // pop rcx; pop rdi
                     0xef,              // out dx, eax
                     0xeb, 0xf6};       // jmp start
  Machine machine(GetParam(), code, 1, DirtyRing::kFewestEntries);
  auto registers = take(machine.vcpu().registers());
  registers.rdi = 0x200000;
  registers.rcx = 0x8000;  // 64 pages
  registers.rax = 0x5555;
  must(machine.vcpu().set_registers(registers));
  const Snapshot snapshot = machine.snapshot();
  const auto reset = machine.reset_to(snapshot);
  for (int round = 0; round < 5; ++round) {
    expect_stop<DoorbellStop>(machine.vcpu().run());
    EXPECT_EQ(machine.memory().load<std::uint64_t>(Gpa(0x23fff8)), 0x5555U);
    EXPECT_GE(take(reset->run()).pages_copied, 64U);
    EXPECT_EQ(text_of(take(reset->compare())), "");
    // And what is written little by little afterwards.
    for (int step = 0; step < 3; ++step) expect_stop<StepStop>(machine.vcpu().step());
    take(reset->run());
    EXPECT_EQ(text_of(take(reset->compare())), "");
  }
}

TEST(DirtyRings, OfANumberThatKvmDoesNotWantAreRefused) {
  const Kvm kvm = take(Kvm::open());
  const auto memory = take(GuestMemory::create(kRam));
  for (const std::uint32_t entries : {0U, 1U, 1024U, 3000U, 1U << 20}) {
    VmConfig config;
    config.dirty_tracking = DirtyTracking::ring;
    config.dirty_ring_entries = entries;
    const auto refused = Vm::create(kvm, *memory, config);
    ASSERT_FALSE(refused.ok()) << entries;
    EXPECT_NE(refused.error().message.find("dirty rings of " + std::to_string(entries)), std::string::npos);
  }
}

}  // namespace
}  // namespace remapstorm
