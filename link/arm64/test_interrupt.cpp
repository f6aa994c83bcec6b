// SPDX-License-Identifier: Apache-2.0
// Private interrupts are levels to KVM: they stay high until the guest's handler rings RS_OP_LOWER.
#include "link/test_interrupt.h"

#include <string>

#include "guest/abi/remapstorm_abi.h"
#include "vmm/arch/arm64/gic.h"

namespace remapstorm {
namespace {

Status check(Vm& vm, unsigned vcpu) {
  if (vcpu < vm.vcpu_count()) return {};
  return usage_error("vCPU " + std::to_string(vcpu) + " does not exist in this guest");
}

Status set_private(Vm& vm, unsigned vcpu, unsigned ppi, LineLevel level) {
  RS_TRY(check(vm, vcpu));
  return vm.irq_line(arm64::irq_line_ppi(vcpu, arm64::intid_of_ppi(ppi)), level);
}

}  // namespace

// A shared interrupt that the guest has routed to that vCPU, an edge: there is no message without an ITS.
Status raise_test_msi(Vm& vm, unsigned vcpu) {
  RS_TRY(check(vm, vcpu));
  return vm.irq_pulse(arm64::irq_line_spi(arm64::intid_of_spi(RS_ARM64_FIRST_SPI + vcpu)));
}

Status raise_test_nmi(Vm& vm, unsigned vcpu) { return set_private(vm, vcpu, RS_ARM64_NMI_PPI, LineLevel::high); }
Status raise_test_line(Vm& vm, unsigned vcpu) { return set_private(vm, vcpu, RS_ARM64_LINE_PPI, LineLevel::high); }

Status lower_test_interrupt(Vm& vm, unsigned vcpu, std::uint32_t kind) {
  if (kind == RS_KIND_LINE) return set_private(vm, vcpu, RS_ARM64_LINE_PPI, LineLevel::low);
  if (kind == RS_KIND_NMI) return set_private(vm, vcpu, RS_ARM64_NMI_PPI, LineLevel::low);
  return usage_error("a test interrupt of kind " + std::to_string(kind) + " is no level");
}

}  // namespace remapstorm
