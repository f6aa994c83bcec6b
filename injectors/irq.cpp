// SPDX-License-Identifier: Apache-2.0
// irq: one test interrupt, as an MSI or through an I/O APIC line. Taken by the guest as soon as its interrupts are on.
#include "injectors/test_interrupt.h"

namespace remapstorm {
namespace {

class IrqInjector final : public Injector {
 public:
  explicit IrqInjector(const Parameters& parameters) : parameters_(parameters) {}

  Result<Receipt> fire(const Hit& hit, GuestControl& guest) override {
    const bool line = parameters_.text("via", "msi") == "line";
    return raise_test_interrupt(guest, hit, parameters_, line ? InterruptKind::line : InterruptKind::msi);
  }

 private:
  Parameters parameters_;
};

}  // namespace

InjectorInfo irq_injector() {
  ParameterSpec via;
  via.name = "via";
  via.kind = ParameterSpec::Kind::choice;
  via.choices = {"msi", "line"};
  via.fallback = std::string("msi");
  via.summary = "msi, or line: an interrupt line that is routed to that vCPU";
  return {{"irq", "raise the test interrupt on a vCPU", {via, action_parameter(), vcpu_parameter()}, {}},
          make_injector<IrqInjector>};
}

}  // namespace remapstorm
