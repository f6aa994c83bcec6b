// SPDX-License-Identifier: Apache-2.0
// Interrupts, devices and the Linux loader on a real Vm.
#include <array>
#include <chrono>
#include <thread>

#include "guest/abi/remapstorm_abi.h"
#include "tests/vmm/elf_builder.h"
#include "tests/vmm/kvm/bare_guest.h"
#include "vmm/arch/x86_64/boot_layout.h"
#include "vmm/arch/x86_64/ioapic.h"
#include "vmm/arch/x86_64/mp_table.h"
#include "vmm/arch/x86_64/msi.h"
#include "vmm/linux_boot.h"
#include "vmm/platform.h"

namespace remapstorm {
namespace {

constexpr unsigned kVector = 0x40;
constexpr unsigned kLine = 10;

// Switches the local APIC on, rings, then waits with interrupts on until rbx is not zero, and rings again. The handler
// counts in rbx and acknowledges.
Code waiting_guest() {
  return {0xbf, 0xf0, 0x00, 0xe0, 0xfe,        // mov edi, 0xfee000f0
          0xc7, 0x07, 0xff, 0x01, 0x00, 0x00,  // mov dword [rdi], 0x1ff
          0x31, 0xdb,                          // xor ebx, ebx
          0xef,                                // out dx, eax
          0xfb,                                // sti
          0x48, 0x85, 0xdb, 0x74, 0xfb,        // test rbx, rbx; jz back
          0xfa, 0xef};                         // cli; out dx, eax
}
Code counting_handler() {
  return {0x48, 0xff, 0xc3,                    // inc rbx
          0xbf, 0xb0, 0x00, 0xe0, 0xfe,        // mov edi, 0xfee000b0
          0xc7, 0x07, 0x00, 0x00, 0x00, 0x00,  // mov dword [rdi], 0
          0x48, 0xcf};                         // iretq
}

BareGuest& prepare(BareGuest& guest) {
  guest.load(kHandlers, counting_handler());
  guest.set_gate(kVector, kHandlers);
  return guest;
}

TEST(Interrupts, AnMsiIsDelivered) {
  BareGuest guest(waiting_guest());
  prepare(guest);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  const auto message = x86_64::msi_message(0, kVector);
  must(guest.vm().signal_msi(message.address, message.data));
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rbx, 1u);
}

TEST(Interrupts, AnMsiFromAnotherThreadReachesARunningGuest) {
  BareGuest guest(waiting_guest());
  prepare(guest);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  std::thread sender([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto message = x86_64::msi_message(0, kVector);
    must(guest.vm().signal_msi(message.address, message.data));
  });
  expect_stop<DoorbellStop>(guest.vcpu().run());
  sender.join();
  EXPECT_EQ(guest.registers().rbx, 1u);
}

TEST(Interrupts, AnMsiNobodyTakesIsAnError) {
  BareGuest guest({0xef});
  const auto message = x86_64::msi_message(7, kVector);
  const Status status = guest.vm().signal_msi(message.address, message.data);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::host);
  EXPECT_FALSE(status.error().hint.empty());
}

// Programs the redirection entry of pin 10 before the waiting part. The legacy controller, which the line also reaches,
// is masked.
TEST(Interrupts, APulseOnALineIsOneInterrupt) {
  x86_64::Redirection entry;
  entry.vector = kVector;
  entry.masked = false;
  ASSERT_EQ(x86_64::encode(entry), kVector);
  Code code = {0xb0, 0xff, 0xe6, 0x21, 0xe6, 0xa1};             // mov al, 0xff; out 0x21, al; out 0xa1, al
  for (const Code& part : {Code{0xbf, 0x00, 0x00, 0xc0, 0xfe},  // mov edi, 0xfec00000
                           Code{0xc7, 0x07, 0x10 + 2 * kLine, 0x00, 0x00, 0x00},  // mov dword [rdi], low half of entry
                           Code{0xc7, 0x47, 0x10, kVector, 0x00, 0x00, 0x00},     // mov dword [rdi+16], vector
                           waiting_guest()}) {
    code.insert(code.end(), part.begin(), part.end());
  }
  BareGuest guest(code);
  prepare(guest);
  expect_stop<DoorbellStop>(guest.vcpu().run());
  must(guest.vm().irq_pulse(kLine));
  expect_stop<DoorbellStop>(guest.vcpu().run());
  EXPECT_EQ(guest.registers().rbx, 1u);
}

// What a trigger at symbol+offset does: the interrupt is taken before the instruction under the breakpoint.
TEST(Interrupts, OneInjectedAtABreakpointIsTakenExactlyThere) {
  BareGuest guest({0xbf, 0xf0, 0x00, 0xe0, 0xfe, 0xc7, 0x07, 0xff, 0x01, 0x00, 0x00,  // local APIC on
                   0x31, 0xdb, 0x31, 0xc0, 0xfb, 0x90,        // xor ebx, ebx; xor eax, eax; sti; nop
                   0xff, 0xc0,                                // inc eax      <- breakpoint
                   0xfa, 0xef});                              // cli; out dx, eax
  guest.load(kHandlers, {0x89, 0xc3,                          // mov ebx, eax
                         0x48, 0xff, 0xc3,                    // inc rbx
                         0xbf, 0xb0, 0x00, 0xe0, 0xfe,        // mov edi, 0xfee000b0
                         0xc7, 0x07, 0x00, 0x00, 0x00, 0x00,  // acknowledge
                         0x48, 0xcf});                        // iretq
  guest.set_gate(kVector, kHandlers);
  const std::array<Gva, 1> at = {Gva(kCode + 17)};
  must(guest.vcpu().set_breakpoints(at));
  expect_stop<BreakpointStop>(guest.vcpu().run());
  const auto message = x86_64::msi_message(0, kVector);
  must(guest.vm().signal_msi(message.address, message.data));
  EXPECT_EQ(expect_stop<DoorbellStop>(guest.vcpu().run()).value, 1u);
  EXPECT_EQ(guest.registers().rbx, 1u) << "eax was still 0 in the handler";
}

TEST(VmCreate, CountsOfVcpusThatCannotBe) {
  const auto kvm = Kvm::open();
  ASSERT_TRUE(kvm.ok());
  auto memory = take(GuestMemory::create(kRam));
  for (const unsigned count : {0u, 9u, 4000000000u}) {
    VmConfig config;
    config.vcpus = count;
    const auto vm = Vm::create(*kvm, *memory, config);
    ASSERT_FALSE(vm.ok());
    EXPECT_EQ(vm.error().kind, ErrorKind::usage);
  }
  VmConfig config;
  config.cpu.hidden_features = {"no_such_feature"};
  const auto vm = Vm::create(*kvm, *memory, config);
  ASSERT_FALSE(vm.ok());
  EXPECT_EQ(vm.error().kind, ErrorKind::usage);
}

TEST(VmCreate, EightVcpusKnowTheirApicIds) {
  BareGuest guest({0xb8, 0x01, 0x00, 0x00, 0x00, 0x0f, 0xa2,  // mov eax, 1; cpuid
                   0x89, 0xd8, 0xba, 0x50, 0x52, 0x00, 0x00, 0xef},
                  8);  // mov eax, ebx; mov edx, port; out
  for (unsigned i = 0; i < 8; ++i) {
    must(guest.vcpu(i).make_runnable());
    const auto value = expect_stop<DoorbellStop>(guest.vcpu(i).run()).value;
    EXPECT_EQ(value >> 24, i);
    EXPECT_EQ(value >> 16 & 0xff, 8u);
  }
}

TEST(Platform, ConsoleDoorbellWorkloadAndReset) {
  BareGuest guest({0x66, 0xba, 0xf8, 0x03, 0xb0, 'o', 0xee, 0xb0, 'k', 0xee, 0xb0, '\n', 0xee,  // "ok\n"
                   0x66, 0xba, 0x54, 0x52, 0xed,  // mov dx, workload port; in eax, dx
                   0x66, 0xba, 0x58, 0x52, 0xef,  // mov dx, spare port; out dx, eax
                   0xb0, 0xfe, 0xe6, 0x64});      // mov al, 0xfe; out 0x64, al
  // The helper's own doorbell sits where the platform's belongs, so this machine is made by hand.
  const auto kvm = Kvm::open();
  ASSERT_TRUE(kvm.ok());
  auto memory = take(GuestMemory::create(kRam));
  auto vm = take(Vm::create(*kvm, *memory, VmConfig{}));
  std::vector<std::string> lines;
  PlatformConfig config;
  config.console_line = [&](std::string_view line, LineEnd) { lines.emplace_back(line); };
  config.doorbell = RS_DOORBELL_PORT;
  config.text_port = RS_WORKLOAD_PORT;
  config.text = "vcpu=0 run=spin\n";
  auto platform = take(Platform::create(*vm, std::move(config)));
  Doorbell spare;
  must(vm->pio().attach(RS_WORKLOAD_PORT + 4, Doorbell::kSize, "spare", spare));
  std::vector<std::byte> code(64);
  ASSERT_TRUE(guest.memory().read(Gpa(kCode), code));
  ASSERT_TRUE(memory->write(Gpa(kCode), code));
  must(x86_64::enter_long_mode(vm->vcpu(0), *memory));
  x86_64::Registers registers;
  registers.rip = kCode;
  must(vm->vcpu(0).set_registers(registers));
  const auto stop = expect_stop<DoorbellStop>(vm->vcpu(0).run());
  EXPECT_EQ(stop.value, 0x75706376u) << "\"vcpu\"";
  EXPECT_EQ(lines, std::vector<std::string>{"ok"});
  EXPECT_EQ(expect_stop<ShutdownStop>(vm->vcpu(0).run()).why, ShutdownStop::Why::reset);
}

class LoadLinux : public ::testing::Test {
 protected:
  void SetUp() override {
    kvm_ = std::make_unique<Kvm>(take(Kvm::open()));
    memory_ = take(GuestMemory::create(64 << 20));
    VmConfig config;
    config.vcpus = 2;
    vm_ = take(Vm::create(*kvm_, *memory_, config));
  }
  Result<LinuxLayout> load(const TestElf& elf, const LinuxBoot& boot) {
    file_ = std::make_unique<TestFile>(elf.build());
    return load_linux(*vm_, take(KernelImage::open(file_->path(), Isa::x86_64)), boot);
  }
  void expect_usage_error(const Result<LinuxLayout>& result, const std::string& text) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::usage);
    EXPECT_NE(result.error().message.find(text), std::string::npos) << result.error().message;
  }
  std::unique_ptr<Kvm> kvm_;
  std::unique_ptr<GuestMemory> memory_;
  std::unique_ptr<Vm> vm_;
  std::unique_ptr<TestFile> file_;
};

TEST_F(LoadLinux, PutsEverythingInPlaceAndEnters) {
  const TestFile initramfs(FileBytes(5000, 'i'));
  const auto layout = load(TestElf(), {"console=ttyS0", initramfs.path()});
  ASSERT_TRUE(layout.ok()) << layout.error().message;
  EXPECT_EQ(memory_->load<std::uint8_t>(Gpa(0x1000000)), 'A');
  EXPECT_EQ(memory_->load<std::uint8_t>(Gpa(0x1000200)), 0) << "zero behind the file's part";
  EXPECT_EQ(layout->initramfs, Gpa((64 << 20) - 8192));
  EXPECT_EQ(memory_->load<std::uint8_t>(layout->initramfs), 'i');
  EXPECT_EQ(memory_->load<std::uint32_t>(Gpa(x86_64::kCommandLineAddress)), 0x736e6f63u) << "\"cons\"";
  EXPECT_EQ(memory_->load<std::uint32_t>(Gpa(x86_64::kMpTableAddress)), 0x5f504d5fu) << "\"_MP_\"";
  const auto registers = take(vm_->vcpu(0).registers());
  EXPECT_EQ(registers.rip, 0x1000000u);
  EXPECT_EQ(registers.rsi, x86_64::kBootParamsAddress);
  const auto state = take(vm_->vcpu(0).state());
  EXPECT_EQ(state.interrupts_enabled, false);
  EXPECT_FALSE(state.halted);
  EXPECT_TRUE(take(vm_->vcpu(1).state()).halted) << "waits to be started";
}

TEST_F(LoadLinux, RefusesWhatDoesNotFit) {
  TestElf large;
  large.add(0x2000000, 0, 1, 64 << 20);
  expect_usage_error(load(large, {"x", ""}), "larger than guest memory");
  TestElf low;
  low.add(0x7000, 0, 1, 1);
  expect_usage_error(load(low, {"x", ""}), "boot structures");
  expect_usage_error(load(TestElf(), {std::string(x86_64::kCommandLineMax, 'x'), ""}), "command line");
  expect_usage_error(load(TestElf(), {std::string("a\0b", 3), ""}), "NUL");
  expect_usage_error(load(TestElf(), {"x", "/nonexistent/initramfs"}), "/nonexistent/initramfs");
  const TestFile empty(FileBytes{});
  expect_usage_error(load(TestElf(), {"x", empty.path()}), "empty");
}

}  // namespace
}  // namespace remapstorm
