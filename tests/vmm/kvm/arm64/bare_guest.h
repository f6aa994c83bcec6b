// SPDX-License-Identifier: Apache-2.0
// A machine with a few hand-assembled instructions at EL1, the MMU off. No Linux.
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/vmm/kvm/expect.h"
#include "vmm/arch/arm64/boot.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/kvm/vgic.h"
#include "vmm/kvm.h"
#include "vmm/platform.h"
#include "vmm/reset.h"
#include "vmm/snapshot.h"
#include "vmm/vm.h"

namespace remapstorm {

inline constexpr std::uint64_t kCode = arm64::kRamBase + 0x100000;
inline constexpr std::uint64_t kVectors = arm64::kRamBase + 0x110000;
inline constexpr std::uint64_t kCell = arm64::kRamBase + 0x118000;
inline constexpr std::uint64_t kRam = 4 << 20;
inline constexpr std::uint64_t kDoor = 0xcf000000;
inline constexpr unsigned kTestPpi = 9;

// x1: the doorbell; x2: kCell.
inline constexpr std::uint32_t kNop = 0xd503201f, kRing = 0xb9000020 /* str w0, [x1] */, kWfi = 0xd503207f,
                               kForever = 0x14000000 /* b . */, kEret = 0xd69f03e0;

using Code = std::vector<std::uint32_t>;

class BareGuest {
 public:
  explicit BareGuest(const Code& code, unsigned vcpus = 1)
      : kvm_(take(Kvm::open())), memory_(take(GuestMemory::create(kRam))) {
    VmConfig config;
    config.vcpus = vcpus;
    vm_ = take(Vm::create(kvm_, *memory_, config));
    PlatformConfig devices;
    devices.doorbell = kDoor;
    platform_ = take(Platform::create(*vm_, std::move(devices)));
    load(kCode, code);
    start(0, kCode);
  }

  void load(std::uint64_t address, const Code& code) {
    ASSERT_TRUE(memory_->write(Gpa(address), std::as_bytes(std::span(code))));
  }
  void start(unsigned index, std::uint64_t pc, std::uint64_t flags = arm64::kPstateI) {
    arm64::Registers registers;
    registers.pc = pc;
    registers.x[1] = kDoor;
    registers.x[2] = kCell;
    registers.sp_el1 = kCell;
    registers.pstate = arm64::kPstateEl1h | arm64::kPstateD | arm64::kPstateA | arm64::kPstateF | flags;
    must(vcpu(index).set_registers(registers));
    auto system = take(vcpu(index).system_registers());
    system.vbar_el1 = kVectors;
    must(vcpu(index).set_system_registers(system));
  }
  // What a kernel does before it takes a private interrupt, on vCPU 0.
  void enable_interrupts(unsigned ppi = kTestPpi) {
    const std::uint32_t bit = 1U << arm64::intid_of_ppi(ppi);
    set_word(KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, 2);  // GICD_CTLR.EnableGrp1
    set_word(KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 0x10080, bit);
    set_word(KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 0x10100, bit);
    set_word(KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, arm64::kPriorityMask, 0xf0);
    set_word(KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, arm64::kGroup1Enable, 1);
  }
  void line(LineLevel level) { must(vm_->irq_line(arm64::irq_line_ppi(0, arm64::intid_of_ppi(kTestPpi)), level)); }
  void set_word(std::uint32_t group, std::uint64_t attribute, std::uint64_t value) {
    must(host_kvm::set_vgic(vm_->fds().interrupt_controller, group, attribute, &value));
  }

  arm64::Registers registers(unsigned index = 0) { return take(vcpu(index).registers()); }
  Vm& vm() { return *vm_; }
  Platform& platform() { return *platform_; }
  Vcpu& vcpu(unsigned index = 0) { return vm_->vcpu(index); }
  GuestMemory& memory() { return *memory_; }

 private:
  Kvm kvm_;
  std::unique_ptr<GuestMemory> memory_;
  std::unique_ptr<Vm> vm_;
  std::unique_ptr<Platform> platform_;
};

}  // namespace remapstorm
