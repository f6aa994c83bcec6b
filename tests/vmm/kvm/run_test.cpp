// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/vmm/kvm/bare_guest.h"

namespace remapstorm {
namespace {

TEST(VcpuRun, DoorbellStopsWithItsValueAndTheInstructionDone) {
  BareGuest guest({0xb8, 0x02, 0x34, 0x12, 0x00,  // mov eax, 0x123402
                   0xef,                          // out dx, eax
                   0xff, 0xc0,                    // inc eax
                   0xef});                        // out dx, eax
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 0x123402u);
  EXPECT_EQ(guest.registers().rip, kCode + 6);
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 0x123403u);
  EXPECT_EQ(guest.registers().rip, kCode + 9);
}

class Recorder final : public BusDevice {
 public:
  std::optional<Stop> read(std::uint64_t offset, std::span<std::uint8_t> data) override {
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(0x40 + offset + reads++);
    return std::nullopt;
  }
  std::optional<Stop> write(std::uint64_t, std::span<const std::uint8_t> data) override {
    written.insert(written.end(), data.begin(), data.end());
    return std::nullopt;
  }
  unsigned reads = 0;
  std::vector<std::uint8_t> written;
};

TEST(VcpuRun, PortBytesReachADeviceAndComeBack) {
  BareGuest guest({0x66, 0xba, 0xf8, 0x03,          // mov dx, 0x3f8
                   0xb0, 0x68, 0xee,                // mov al, 'h'; out dx, al
                   0xb0, 0x69, 0xee,                // mov al, 'i'; out dx, al
                   0xec,                            // in al, dx
                   0x0f, 0xb6, 0xc0,                // movzx eax, al
                   0x66, 0xba, 0x50, 0x52, 0xef});  // mov dx, 0x5250; out dx, eax
  Recorder recorder;
  must(guest.vm().pio().attach(0x3f8, 8, "recorder", recorder));
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 0x40u);
  EXPECT_EQ(recorder.written, (std::vector<std::uint8_t>{'h', 'i'}));
}

TEST(VcpuRun, RepeatedOutputReachesTheDeviceByteByByte) {
  BareGuest guest({0x66, 0xba, 0xf8, 0x03,        // mov dx, 0x3f8
                   0xbe, 0x00, 0x80, 0x10, 0x00,  // mov esi, 0x108000
                   0xb9, 0x05, 0x00, 0x00, 0x00,  // mov ecx, 5
                   0xf3, 0x6e,                    // rep outsb
                   0x66, 0xba, 0x50, 0x52, 0xef});
  guest.load(kHandlers, {'h', 'e', 'l', 'l', 'o'});
  Recorder recorder;
  must(guest.vm().pio().attach(0x3f8, 8, "recorder", recorder));
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(std::string(recorder.written.begin(), recorder.written.end()), "hello");
}

class Kicker final : public BusDevice {
 public:
  explicit Kicker(Vcpu& vcpu) : vcpu_(vcpu) {}
  std::optional<Stop> read(std::uint64_t, std::span<std::uint8_t> data) override {
    vcpu_.kick();
    std::fill(data.begin(), data.end(), std::uint8_t{0x5a});
    return std::nullopt;
  }
  std::optional<Stop> write(std::uint64_t, std::span<const std::uint8_t>) override {
    vcpu_.kick();
    return std::nullopt;
  }

 private:
  Vcpu& vcpu_;
};

// What KVM would complete at its next entry it would complete on top of a state that was put in its place.
TEST(VcpuRun, AnAccessIsCompleteWhereAKickKeepsTheVcpuFromEnteringAgain) {
  BareGuest guest({0x66, 0xba, 0xf8, 0x03,  // mov dx, 0x3f8
                   0xec,                    // in al, dx
                   0xee,                    // out dx, al
                   0x66, 0xba, 0x50, 0x52, 0xef, 0xeb, 0xfe});
  Kicker kicker(guest.vcpu());
  must(guest.vm().pio().attach(0x3f8, 8, "kicker", kicker));
  expect_stop<InterruptedStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rip, kCode + 5);
  EXPECT_EQ(guest.registers().rax & 0xff, 0x5aU);
  expect_stop<InterruptedStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rip, kCode + 6);
  expect_stop<DoorbellStop>(guest.vcpu().run());
}

TEST(VcpuRun, UnclaimedPortReadsAllOnes) {
  BareGuest guest({0x66, 0xba, 0x34, 0x12, 0xed,    // mov dx, 0x1234; in eax, dx
                   0x66, 0xba, 0x50, 0x52, 0xef});  // mov dx, 0x5250; out dx, eax
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 0xffffffffu);
  EXPECT_EQ(guest.vm().pio().unclaimed_addresses(), std::vector<std::uint64_t>{0x1234});
}

TEST(VcpuRun, UnclaimedMmioReadsAllOnes) {
  BareGuest guest({0xa1, 0x00, 0x00, 0x00, 0xc8, 0, 0, 0, 0,  // mov eax, [0xc8000000]
                   0xef});
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 0xffffffffu);
  EXPECT_EQ(guest.vm().mmio().unclaimed_addresses(), std::vector<std::uint64_t>{0xc8000000});
}

TEST(VcpuRun, HaltIsAStopWithoutAnInterruptController) {
  BareGuest guest({0xf4}, 1, false);
  expect_stop<HaltStop>(guest.vcpu().run());
}

TEST(VcpuRun, TripleFaultIsAShutdown) {
  BareGuest guest({0x0f, 0x0b});  // ud2, and no interrupt table
  EXPECT_EQ(expect_stop<ShutdownStop>(guest.vcpu().run()).why, ShutdownStop::Why::triple_fault);
}

// XSAVE is a thing KVM's emulator lacks. Where kernel mode is not interpreted the guest executes or faults on it.
TEST(VcpuRun, EmulationFailureCarriesTheInstruction) {
  BareGuest guest({0x90, 0x0f, 0xae, 0x21,  // nop; xsave [rcx]
                   0xef});
  auto registers = guest.registers();
  registers.rcx = 0x130000;
  must(guest.vcpu().set_registers(registers));
  const Stop stop = guest.vcpu().run();
  if (const auto* trouble = std::get_if<HostErrorStop>(&stop)) {
    EXPECT_TRUE(trouble->emulation_failure);
    EXPECT_EQ(trouble->pc, Gva(kCode + 1));
    ASSERT_GE(trouble->instruction.size(), 3u);
    EXPECT_EQ(trouble->instruction[0], 0x0f);
    EXPECT_EQ(trouble->instruction[1], 0xae);
    EXPECT_EQ(trouble->error.kind, ErrorKind::host);
  } else {
    // Hardware: CR4.OSXSAVE is clear, so it is #UD, and without a table that ends in a triple fault.
    expect_stop<ShutdownStop>(stop);
  }
}

TEST(VcpuRun, MemoryAtTheExactEndOfRam) {
  BareGuest guest({0x48, 0xc7, 0x07, 0x78, 0x56, 0x34, 0x12,  // mov qword [rdi], 0x12345678
                   0x8b, 0x07, 0xef,                          // mov eax, [rdi]; out dx, eax
                   0x8b, 0x47, 0x08, 0xef});                  // mov eax, [rdi+8]; out dx, eax
  auto registers = guest.registers();
  registers.rdi = kRam - 8;
  must(guest.vcpu().set_registers(registers));
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 0x12345678u);
  EXPECT_EQ(guest.memory().load<std::uint64_t>(Gpa(kRam - 8)), 0x12345678u);
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 0xffffffffu);
}

TEST(VcpuRun, TwoVcpusShareMemory) {
  // Each adds to a counter a thousand times with a locked instruction, then rings.
  BareGuest guest({0xb9, 0xe8, 0x03, 0x00, 0x00,  // mov ecx, 1000
                   0xf0, 0x48, 0xff, 0x07,        // lock inc qword [rdi]
                   0xff, 0xc9, 0x75, 0xf8, 0xef},
                  2);  // dec ecx; jnz; out dx, eax
  for (unsigned i = 0; i < 2; ++i) {
    auto registers = guest.registers(i);
    registers.rdi = kHandlers;
    must(guest.vcpu(i).set_registers(registers));
    must(guest.vm().vcpu(i).make_runnable());
  }
  std::thread other([&] { expect_stop<DoorbellStop>(guest.vcpu(1).run()); });
  expect_stop<DoorbellStop>(guest.vcpu(0).run());
  other.join();
  EXPECT_EQ(guest.memory().load<std::uint64_t>(Gpa(kHandlers)), 2000u);
}

TEST(VcpuKick, BeforeRunIsNotLost) {
  BareGuest guest({0xeb, 0xfe});  // jmp $
  guest.vcpu().kick();
  expect_stop<InterruptedStop>(guest.vcpu().run());
}

TEST(VcpuKick, AThousandFromAnotherThreadAllArrive) {
  BareGuest guest({0xeb, 0xfe});
  std::atomic<unsigned> arrived{0};
  std::thread kicker([&] {
    for (unsigned i = 0; i < 1000; ++i) {
      // The next kick only after the last one was seen: a lost one hangs here and the test's time runs out.
      guest.vcpu().kick();
      while (arrived.load() != i + 1) std::this_thread::yield();
      if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i % 90));
    }
  });
  for (unsigned i = 0; i < 1000; ++i) {
    expect_stop<InterruptedStop>(guest.vcpu().run());
    ++arrived;
  }
  kicker.join();
  EXPECT_EQ(arrived.load(), 1000u);
}

TEST(VcpuKick, WakesAHaltedVcpu) {
  BareGuest guest({0xf4, 0xeb, 0xfd});  // hlt; jmp back
  std::thread kicker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    guest.vcpu().kick();
  });
  expect_stop<InterruptedStop>(guest.vcpu().run());
  EXPECT_TRUE(take(guest.vcpu().state()).halted);
  kicker.join();
}

TEST(VcpuState, CounterAdvancesAndHasARate) {
  BareGuest guest({0xef});
  const auto before = take(guest.vcpu().guest_counter());
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_GT(take(guest.vcpu().guest_counter()), before);
  EXPECT_GT(take(guest.vcpu().guest_counter_hz()), 100'000'000u);
}

TEST(VcpuState, RegistersSurviveARoundTrip) {
  BareGuest guest({0xef});
  auto registers = guest.registers();
  registers.rax = 0x1122334455667788;
  registers.r15 = 0x99;
  must(guest.vcpu().set_registers(registers));
  EXPECT_EQ(guest.registers(), registers);
  const auto system = take(guest.vcpu().system_registers());
  must(guest.vcpu().set_system_registers(system));
  EXPECT_EQ(take(guest.vcpu().system_registers()), system);
}

}  // namespace
}  // namespace remapstorm
