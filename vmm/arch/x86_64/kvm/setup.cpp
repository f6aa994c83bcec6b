// SPDX-License-Identifier: Apache-2.0
// Machine and vCPU set-up: interrupt controllers, timer, CPUID, local APIC.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstring>
#include <vector>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/arch/x86_64/cpuid.h"
#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/kvm/ioctl_numbers.h"
#include "vmm/arch/x86_64/kvm/msr.h"
#include "vmm/vm.h"

namespace remapstorm::host_kvm {
namespace {

// Three pages KVM takes for itself on some processors, in the hole below 4 GiB, away from RAM, IOAPIC and local APIC.
constexpr std::uint64_t kIdentityMap = 0xfffbc000;
constexpr unsigned long kTssAddress = 0xfffbd000;

constexpr std::size_t kMaxCpuidEntries = 256;

// struct kvm_cpuid2 with room: it ends in a flexible array, which C++ cannot extend.
struct CpuidBuffer {
  std::uint32_t count = 0;
  std::uint32_t pad = 0;
  kvm_cpuid_entry2 entries[kMaxCpuidEntries] = {};
};

Result<std::vector<x86_64::CpuidEntry>> supported_cpuid(const Kvm& kvm) {
  CpuidBuffer buffer;
  buffer.count = kMaxCpuidEntries;
  RS_TRY(check_call(::ioctl(kvm.fd(), kGetSupportedCpuid, &buffer), "KVM_GET_SUPPORTED_CPUID"));
  std::vector<x86_64::CpuidEntry> out;
  for (std::uint32_t i = 0; i < buffer.count; ++i) {
    const kvm_cpuid_entry2& e = buffer.entries[i];
    out.push_back({e.function, e.index, (e.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0, e.eax, e.ebx, e.ecx, e.edx});
  }
  return out;
}

Status set_cpuid(int vcpu_fd, const std::vector<x86_64::CpuidEntry>& entries) {
  if (entries.size() > kMaxCpuidEntries) return internal_error("too many CPUID entries");
  CpuidBuffer buffer;
  buffer.count = static_cast<std::uint32_t>(entries.size());
  std::size_t i = 0;
  for (const x86_64::CpuidEntry& e : entries) {
    kvm_cpuid_entry2& out = buffer.entries[i++];
    out.function = e.function;
    out.index = e.index;
    out.flags = e.index_matters ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0;
    out.eax = e.eax, out.ebx = e.ebx, out.ecx = e.ecx, out.edx = e.edx;
  }
  RS_TRY(check_call(::ioctl(vcpu_fd, kSetCpuid2, &buffer), "KVM_SET_CPUID2"));
  return {};
}

// Virtual wire mode, as the MP table says: LINT0 takes the legacy controller's interrupts, LINT1 is NMI
// (SDM volume 3, 11.5.1).
Status set_local_interrupts(int vcpu_fd) {
  constexpr std::size_t kLint0 = 0x350;
  constexpr std::size_t kLint1 = 0x360;
  constexpr std::uint32_t kModeNmi = 4u << 8;
  constexpr std::uint32_t kModeExternal = 7u << 8;
  kvm_lapic_state lapic = {};
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_LAPIC, &lapic), "KVM_GET_LAPIC"));
  std::memcpy(lapic.regs + kLint0, &kModeExternal, sizeof(kModeExternal));
  std::memcpy(lapic.regs + kLint1, &kModeNmi, sizeof(kModeNmi));
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_SET_LAPIC, &lapic), "KVM_SET_LAPIC"));
  return {};
}

}  // namespace

Result<Fd> prepare_vm(const Kvm& kvm, int vm_fd, const VmConfig& config) {
  std::uint64_t identity_map = kIdentityMap;
  RS_TRY(check_call(::ioctl(vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map), "KVM_SET_IDENTITY_MAP_ADDR"));
  RS_TRY(check_call(::ioctl(vm_fd, KVM_SET_TSS_ADDR, kTssAddress), "KVM_SET_TSS_ADDR"));
  if (kvm.capability(KVM_CAP_EXIT_ON_EMULATION_FAILURE) != 0) {
    // So that an instruction KVM cannot emulate comes to us with its bytes, also from user mode.
    kvm_enable_cap enable = {};
    enable.cap = KVM_CAP_EXIT_ON_EMULATION_FAILURE;
    enable.args[0] = 1;
    RS_TRY(check_call(::ioctl(vm_fd, KVM_ENABLE_CAP, &enable), "KVM_ENABLE_CAP", "exit on emulation failure"));
  }
  if (!config.interrupt_controller) return Fd();
  RS_TRY(check_call(::ioctl(vm_fd, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP"));
  kvm_pit_config pit = {};
  pit.flags = KVM_PIT_SPEAKER_DUMMY;  // port 0x61
  RS_TRY(check_call(::ioctl(vm_fd, KVM_CREATE_PIT2, &pit), "KVM_CREATE_PIT2"));
  return Fd();
}

Status prepare_vcpu(const Kvm& kvm, int /*vm_fd*/, int vcpu_fd, unsigned index, const VmConfig& config) {
  if (config.cpu.bbm) return usage_error("FEAT_BBM is arm64's: machine.bbm has no meaning here");
  x86_64::CpuidPlan plan;
  plan.vcpu = index;
  plan.count = config.vcpus;
  plan.tsc_deadline = config.interrupt_controller && kvm.capability(KVM_CAP_TSC_DEADLINE_TIMER) != 0;
  plan.hidden = config.cpu.hidden_features;
  RS_ASSIGN(auto supported, supported_cpuid(kvm));
  RS_ASSIGN(const auto entries, x86_64::make_cpuid(std::move(supported), plan));
  RS_TRY(set_cpuid(vcpu_fd, entries));
  RS_TRY(set_msr(vcpu_fd, x86_64::kMsrMtrrDefaultType, x86_64::kMtrrEnabledWriteBack));
  if (config.interrupt_controller) RS_TRY(set_local_interrupts(vcpu_fd));
  return {};
}

Status finish_vm(const MachineFds& /*machine*/) { return {}; }

}  // namespace remapstorm::host_kvm
