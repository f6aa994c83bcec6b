// SPDX-License-Identifier: Apache-2.0
// call: no interrupt at all. The code at the probe that was hit does it there, in its own context: what happens if the
// update itself, with the lock held, touches the page.
#include "injectors/test_interrupt.h"

namespace remapstorm {
namespace {

class CallInjector final : public Injector {
 public:
  explicit CallInjector(const Parameters& parameters) : parameters_(parameters) {}

  Result<Receipt> fire(const Hit& hit, GuestControl& guest) override {
    if (hit.probe == 0) return usage_error("call needs a probe to be called from; the rule waits for a breakpoint");
    return raise_test_interrupt(guest, hit, parameters_, InterruptKind::call, "call");
  }

 private:
  Parameters parameters_;
};

}  // namespace

InjectorInfo call_injector() {
  return {{"call", "make the code at the probe touch a struct page itself", {action_parameter()}, {}},
          make_injector<CallInjector>};
}

}  // namespace remapstorm
