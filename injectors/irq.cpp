// SPDX-License-Identifier: Apache-2.0
// irq: one test interrupt, in one of the ways that the architecture has. Taken by the guest as soon as its interrupts
// are on.
#include <algorithm>

#include "injectors/test_interrupt.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

constexpr const char* kUsualWay = "usual";

class IrqInjector final : public Injector {
 public:
  explicit IrqInjector(const Parameters& parameters) : parameters_(parameters) {}

  Result<Receipt> fire(const Hit& hit, GuestControl& guest) override {
    const std::string via = parameters_.text("via", kUsualWay);
    const std::string way = via == kUsualWay ? arch_of(kHostIsa).interrupt_ways.front().name : via;
    return raise_test_interrupt(guest, hit, parameters_, way == "line" ? InterruptKind::line : InterruptKind::msi, way);
  }

 private:
  Parameters parameters_;
};

}  // namespace

InjectorInfo irq_injector() {
  ParameterSpec via;
  via.name = "via";
  via.kind = ParameterSpec::Kind::choice;
  via.choices = {kUsualWay};
  for (const InterruptWay& way : arch_of(kHostIsa).interrupt_ways) via.choices.emplace_back(way.name);
  for (const Isa isa : kIsas) {
    for (const InterruptWay& way : arch_of(isa).interrupt_ways) {
      if (std::find(via.choices.begin(), via.choices.end(), way.name) != via.choices.end()) continue;
      via.elsewhere.emplace_back(way.name, arch_of(isa).guest);
    }
  }
  via.fallback = std::string(kUsualWay);
  via.summary = "usual: the first of the others, which are those of this architecture";
  return {{"irq", "raise the test interrupt on a vCPU", {via, action_parameter(), vcpu_parameter()}, {}},
          make_injector<IrqInjector>};
}

}  // namespace remapstorm
