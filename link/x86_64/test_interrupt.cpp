// SPDX-License-Identifier: Apache-2.0
#include "link/test_interrupt.h"

#include <array>
#include <string>

#include "guest/abi/remapstorm_abi.h"
#include "vmm/arch/x86_64/msi.h"

namespace remapstorm {
namespace {

constexpr std::array<unsigned, RS_MAX_VCPUS> kLines = RS_X86_LINES;

Status check(Vm& vm, unsigned vcpu) {
  if (vcpu < vm.vcpu_count() && vcpu < kLines.size()) return {};
  return usage_error("vCPU " + std::to_string(vcpu) + " does not exist in this guest");
}

}  // namespace

Status raise_test_msi(Vm& vm, unsigned vcpu) {
  RS_TRY(check(vm, vcpu));
  const x86_64::MsiMessage message = x86_64::msi_message(static_cast<std::uint8_t>(vcpu), RS_X86_MSI_VECTOR);
  return vm.signal_msi(message.address, message.data);
}

// As a message: KVM_NMI would wait for a vCPU inside run() to come out, which an idle one does not.
Status raise_test_nmi(Vm& vm, unsigned vcpu) {
  RS_TRY(check(vm, vcpu));
  const x86_64::MsiMessage message = x86_64::nmi_message(static_cast<std::uint8_t>(vcpu));
  return vm.signal_msi(message.address, message.data);
}

Status raise_test_line(Vm& vm, unsigned vcpu) {
  RS_TRY(check(vm, vcpu));
  return vm.irq_pulse(kLines[vcpu]);
}

// Nothing stays high: lines are edges.
Status lower_test_interrupt(Vm& /*vm*/, unsigned /*vcpu*/, std::uint32_t /*kind*/) {
  return usage_error("there is no test interrupt to lower on this architecture");
}

}  // namespace remapstorm
