// SPDX-License-Identifier: Apache-2.0
// nmi: one non-maskable interrupt. Taken at the next instruction boundary unless an NMI is being handled already.
#include "injectors/test_interrupt.h"

namespace remapstorm {
namespace {

class NmiInjector final : public Injector {
 public:
  explicit NmiInjector(const Parameters& parameters) : parameters_(parameters) {}

  Result<Receipt> fire(const Hit& hit, GuestControl& guest) override {
    return raise_test_interrupt(guest, hit, parameters_, InterruptKind::nmi, "nmi");
  }

 private:
  Parameters parameters_;
};

}  // namespace

InjectorInfo nmi_injector() {
  return {{"nmi", "raise an NMI on a vCPU", {action_parameter(), vcpu_parameter()}, {}}, make_injector<NmiInjector>};
}

}  // namespace remapstorm
