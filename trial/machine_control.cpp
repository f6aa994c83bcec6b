// SPDX-License-Identifier: Apache-2.0
// What injectors may do to the machine (GuestControl). With the machine's lock held.
#include "base/check.h"
#include "link/test_interrupt.h"
#include "trial/machine.h"
#include "vmm/page_walk.h"

namespace remapstorm {

Status Machine::raise(unsigned vcpu, InterruptKind kind) {
  switch (kind) {
    case InterruptKind::msi:
      return raise_test_msi(*vm_, vcpu);
    case InterruptKind::line:
      return raise_test_line(*vm_, vcpu);
    case InterruptKind::nmi:
      return raise_test_nmi(*vm_, vcpu);
    case InterruptKind::call:
      return {};  // the guest looks for it at the end of the probe
  }
  RS_CHECK(false, "unknown interrupt kind");
}

Status Machine::serror(unsigned vcpu, std::uint32_t syndrome, std::uint32_t token) {
  if (threads_[vcpu]->error.token != 0)
    return usage_error("an SError or external abort of this vCPU is pending already");
  RS_TRY(vm_->vcpu(vcpu).serror(syndrome));
  threads_[vcpu]->error = {InjectorKind::serror, token};
  return {};
}

Status Machine::external_abort(unsigned vcpu, Gva address, std::uint32_t token) {
  if (threads_[vcpu]->error.token != 0)
    return usage_error("an SError or external abort of this vCPU is pending already");
  RS_TRY(vm_->vcpu(vcpu).external_abort(address));
  threads_[vcpu]->error = {InjectorKind::external_abort, token};
  return {};
}

Status Machine::hold(unsigned vcpu, const HoldRequest& request) {
  VcpuThread& vcpu_thread = *threads_[vcpu];
  if (!vcpu_thread.hold.begin(request, log_->now(), given_.given())) {
    return usage_error("vCPU " + std::to_string(vcpu) + " is held already; a hold cannot begin inside another one");
  }
  if (request.soft) mailbox_->set_soft_hold(vcpu, request.token);
  tell_held();
  if (!request.soft && !vcpu_thread.parked) vm_->vcpu(vcpu).kick();
  changed_.notify_all();  // turn() waits for the nearest deadline
  return {};
}

Status Machine::delay_page(Gpa page, Nanoseconds delay, std::uint32_t token) {
  RS_CHECK(delays_ != nullptr, "a stage-2 delay in a plan that did not ask for one");
  std::byte* host_page = memory_->guest_range(page, PageDelay::kPageSize);
  if (host_page == nullptr) return usage_error("there is no guest memory at the page to delay");
  return delays_->arm(page, host_page, delay, token);
}

Result<MappedPage> Machine::translate(unsigned vcpu, Gva address) {
  RS_ASSIGN(const CpuState state, vm_->vcpu(vcpu).state());
  const PageWalk walked = walk(kHostIsa, state.space, *memory_, address);
  if (walked.steps.empty()) return usage_error("the address to delay is not in the guest's page tables");
  return MappedPage{walked.physical, walked.steps.back().table};
}

}  // namespace remapstorm
