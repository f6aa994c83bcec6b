// SPDX-License-Identifier: Apache-2.0
// A machine with a few hand-assembled instructions in 64-bit kernel mode. Identity-mapped, no Linux.
#pragma once

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include "tests/vmm/kvm/expect.h"
#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/long_mode.h"
#include "vmm/devices/doorbell.h"
#include "vmm/kvm.h"
#include "vmm/vm.h"

namespace remapstorm {

inline constexpr std::uint64_t kCode = 0x100000;
inline constexpr std::uint64_t kHandlers = 0x108000;
inline constexpr std::uint64_t kIdt = 0x10c000;
inline constexpr std::uint64_t kStackTop = 0x120000;
inline constexpr std::uint64_t kRam = 4 << 20;
inline constexpr std::uint16_t kDoorbellPort = 0x5250;

using Code = std::vector<std::uint8_t>;

class BareGuest {
 public:
  explicit BareGuest(const Code& code, unsigned vcpus = 1, bool interrupt_controller = true) {
    kvm_ = std::make_unique<Kvm>(take(Kvm::open()));
    memory_ = take(GuestMemory::create(kRam));
    VmConfig config;
    config.vcpus = vcpus;
    config.interrupt_controller = interrupt_controller;
    vm_ = take(Vm::create(*kvm_, *memory_, config));
    must(vm_->pio().attach(kDoorbellPort, Doorbell::kSize, "doorbell", doorbell_));
    load(kCode, code);
    for (unsigned i = 0; i < vcpus; ++i) start(i, kCode, kStackTop - i * 0x1000);
  }

  void load(std::uint64_t address, const Code& code) {
    ASSERT_TRUE(memory_->write(Gpa(address), std::as_bytes(std::span(code))));
  }
  // An interrupt gate in the table at kIdt (SDM volume 3, 6.14.1).
  void set_gate(unsigned vector, std::uint64_t handler) {
    const std::uint64_t low = (handler & 0xffff) | 0x10ull << 16 | 0x8e00ull << 32 | (handler >> 16 & 0xffff) << 48;
    ASSERT_TRUE(memory_->store<std::uint64_t>(Gpa(kIdt + vector * 16), low));
    ASSERT_TRUE(memory_->store<std::uint64_t>(Gpa(kIdt + vector * 16 + 8), handler >> 32));
    auto system = take(vcpu().system_registers());
    system.idt = {kIdt, 0xfff};
    must(vcpu().set_system_registers(system));
  }
  // Switches the local APIC of vCPU 0 on (SDM volume 3, 11.9: the spurious-interrupt vector register).
  void enable_apic() {
    constexpr std::size_t kSpurious = 0xf0;
    constexpr std::uint32_t kEnabled = 0x1ff;
    kvm_lapic_state lapic = {};
    ASSERT_EQ(::ioctl(vcpu().fd(), KVM_GET_LAPIC, &lapic), 0);
    std::memcpy(lapic.regs + kSpurious, &kEnabled, sizeof(kEnabled));
    ASSERT_EQ(::ioctl(vcpu().fd(), KVM_SET_LAPIC, &lapic), 0);
  }
  void start(unsigned index, std::uint64_t rip, std::uint64_t rsp) {
    must(x86_64::enter_long_mode(vm_->vcpu(index), *memory_));
    x86_64::Registers registers;
    registers.rip = rip;
    registers.rsp = rsp;
    registers.rdx = kDoorbellPort;
    registers.rflags = x86_64::kFlagFixed;
    must(vm_->vcpu(index).set_registers(registers));
  }
  x86_64::Registers registers(unsigned index = 0) { return take(vm_->vcpu(index).registers()); }

  Vm& vm() { return *vm_; }
  Vcpu& vcpu(unsigned index = 0) { return vm_->vcpu(index); }
  GuestMemory& memory() { return *memory_; }

 private:
  std::unique_ptr<Kvm> kvm_;
  std::unique_ptr<GuestMemory> memory_;
  Doorbell doorbell_;
  std::unique_ptr<Vm> vm_;
};

}  // namespace remapstorm
