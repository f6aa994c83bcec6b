// SPDX-License-Identifier: Apache-2.0
#include "injectors/test_interrupt.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace remapstorm {
namespace {

constexpr std::pair<const char*, std::uint32_t> kActions[] = {
    {"none", RS_ACTION_NONE},
    {"read-struct-page", RS_ACTION_READ_TARGET},
    {"copy-struct-page", RS_ACTION_COPY_TARGET},
    {"read-struct-page-softirq", RS_ACTION_READ_SOFTIRQ},
    {"read-struct-page-thread", RS_ACTION_READ_THREAD},
    {"free-slab-object", RS_ACTION_FREE_OBJECT},
    {"free-buddy-softirq", RS_ACTION_FREE_BUDDY},
    {"free-buddy-thread", RS_ACTION_FREE_BUDDY_THREAD},
    {"fill-free-list", RS_ACTION_FILL_FREE_LIST},
    {"write-head", RS_ACTION_WRITE_HEAD},
    {"write-head-stale", RS_ACTION_WRITE_STALE},
    {"look-again", RS_ACTION_LOOK_AGAIN},
    {"wait-for-reader", RS_ACTION_WAIT_FOR_READER},
};

std::uint32_t action_of(const Parameters& parameters) {
  const std::string chosen = parameters.text("action", "read-struct-page");
  const auto* found = std::find_if(std::begin(kActions), std::end(kActions),
                                   [&](const auto& action) { return action.first == chosen; });
  RS_CHECK(found != std::end(kActions), "an action that the scenario reader let through");
  return found->second;
}

}  // namespace

ParameterSpec action_parameter() {
  ParameterSpec spec;
  spec.name = "action";
  spec.kind = ParameterSpec::Kind::choice;
  for (const auto& [name, value] : kActions) spec.choices.emplace_back(name);
  spec.fallback = std::string("read-struct-page");
  spec.summary = "what the guest does then; the struct page is the one under remap";
  return spec;
}

ParameterSpec vcpu_parameter() {
  ParameterSpec spec;
  spec.name = "vcpu";
  spec.kind = ParameterSpec::Kind::vcpu;
  spec.fallback = kHitVcpu;
  spec.summary = "\"hit\" (the vCPU that triggered) or a vCPU number";
  return spec;
}

Result<Receipt> raise_test_interrupt(GuestControl& guest, const Hit& hit, const Parameters& parameters,
                                     InterruptKind kind, std::string_view way) {
  Receipt receipt;
  receipt.target_vcpu = parameters.vcpu("vcpu", static_cast<int>(hit.vcpu));
  receipt.detail = way;
  const auto vcpu = static_cast<unsigned>(receipt.target_vcpu);
  if (vcpu >= guest.vcpu_count()) return usage_error("vCPU " + std::to_string(vcpu) + " does not exist in this guest");
  receipt.token = guest.mailbox().untaken_token(vcpu, kind);
  if (receipt.token != 0) {
    receipt.detail += ", merged with the one still pending";
    return receipt;
  }
  receipt.token = guest.new_token();
  guest.mailbox().prepare_interrupt(vcpu, kind, receipt.token, action_of(parameters));
  RS_TRY(guest.raise(vcpu, kind));
  return receipt;
}

}  // namespace remapstorm
