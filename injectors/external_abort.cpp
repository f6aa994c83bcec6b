// SPDX-License-Identifier: Apache-2.0
// external-abort: the struct page under remap cannot be read, as if its memory answered with an error. A synchronous
// external abort (Arm ARM D1.3.6) in place of the vCPU's next instruction.
#include <cstdio>

#include "injectors/injector.h"

namespace remapstorm {
namespace {

class ExternalAbortInjector final : public Injector {
 public:
  explicit ExternalAbortInjector(const Parameters& /*parameters*/) {}

  Result<Receipt> fire(const Hit& hit, GuestControl& guest) override {
    const bool window_probe = hit.probe == RS_PROBE_BBM_BREAK || hit.probe == RS_PROBE_BBM_MAKE;
    const std::uint64_t target = window_probe ? hit.args[0] : guest.mailbox().target();
    if (target == 0)
      return usage_error("no vmemmap window has been opened yet, so there is no struct page to abort on");
    Receipt receipt;
    receipt.token = guest.new_token();
    receipt.target_vcpu = static_cast<int>(hit.vcpu);
    char where[32];
    std::snprintf(where, sizeof where, "at 0x%llx", static_cast<unsigned long long>(target));
    receipt.detail = where;
    RS_TRY(guest.external_abort(hit.vcpu, Gva(target), receipt.token));
    return receipt;
  }
};

}  // namespace

InjectorInfo external_abort_injector() {
  InjectorInfo info{{"external-abort", "fail an access to the struct page on the vCPU that triggered", {}},
                    make_injector<ExternalAbortInjector>};
  info.spec.architecture = "arm64";
  return info;
}

}  // namespace remapstorm
