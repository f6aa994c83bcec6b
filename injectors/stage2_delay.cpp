// SPDX-License-Identifier: Apache-2.0
// stage2-delay: the next access to a page of guest memory waits in the host, as it does when the host has swapped the
// page out or is migrating it.
#include <cstdio>
#include <cstdlib>

#include "injectors/injector.h"
#include "injectors/page_delay.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

class Stage2DelayInjector final : public Injector {
 public:
  explicit Stage2DelayInjector(const Parameters& parameters)
      : page_(parameters.text("page", "pte-page")), delay_(parameters.length("for_ms")) {}

  Result<Receipt> fire(const Hit& hit, GuestControl& guest) override {
    RS_ASSIGN(const Gpa page, choose(hit, guest));
    Receipt receipt;
    receipt.token = guest.new_token();
    receipt.requested = delay_;
    char where[32];
    std::snprintf(where, sizeof where, "GPA 0x%llx", static_cast<unsigned long long>(page.value));
    receipt.detail = page_.starts_with("0x") ? std::string(where) : page_ + " at " + where;
    RS_TRY(guest.delay_page(page, delay_, receipt.token));
    return receipt;
  }

 private:
  [[nodiscard]] Result<Gpa> choose(const Hit& hit, GuestControl& guest) const {
    if (page_.starts_with("0x")) return Gpa(std::strtoull(page_.c_str(), nullptr, 16));
    const bool window_probe = hit.probe == RS_PROBE_BBM_BREAK || hit.probe == RS_PROBE_BBM_MAKE;
    const std::uint64_t target = window_probe ? hit.args[0] : guest.mailbox().target();
    if (target == 0) return usage_error("no vmemmap window has been opened yet, so there is no page to delay");
    RS_ASSIGN(const MappedPage mapped, guest.translate(hit.vcpu, Gva(target)));
    if (page_ == "pte-page") return mapped.table;
    if (mapped.page) return Gpa(mapped.page->value & ~(PageDelay::kPageSize - 1));
    // Inside the window nothing is mapped; the probe carries the old entry, which names the page that a reader who came
    // first would have used.
    if (hit.probe == RS_PROBE_BBM_BREAK) return Gpa(hit.args[2] & arch_of(kHostIsa).entry_address);
    return usage_error("the vmemmap page of the window is not mapped here");
  }

  std::string page_;
  Nanoseconds delay_;
};

}  // namespace

InjectorInfo stage2_delay_injector() {
  ParameterSpec page;
  page.name = "page";
  page.kind = ParameterSpec::Kind::page;
  page.choices = {"pte-page", "vmemmap-page"};
  page.fallback = std::string("pte-page");
  page.summary = "the page that holds the entry under remap, the vmemmap page it maps, or a guest-physical address";
  ParameterSpec length;
  length.name = "for_ms";
  length.kind = ParameterSpec::Kind::milliseconds;
  length.required = true;
  length.minimum = 0.001;
  length.maximum = kLongestInjectionMs;
  length.summary = "how long the access waits";
  return {{"stage2-delay", "make the next access to a page wait in stage 2", {page, length}, {}},
          make_injector<Stage2DelayInjector>};
}

}  // namespace remapstorm
