// SPDX-License-Identifier: Apache-2.0
// What state this KVM has: the registers it lists.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstring>

#include "base/syscall.h"
#include "vmm/arch/arm64/state_kinds.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/vm.h"

namespace remapstorm::host_kvm {
namespace {

constexpr std::size_t kMaxListed = 2048;

struct RegisterList {
  std::uint64_t count = kMaxListed;
  std::uint64_t ids[kMaxListed] = {};
};

}  // namespace

// The processor walks the guest's tables itself (stage 1), and KVM those of stage 2.
ShadowPaging shadow_paging() { return ShadowPaging::none; }

Result<StatePlan> plan_state(const Kvm& /*kvm*/, int vcpu_fd, const VmConfig& config) {
  StatePlan plan;
  plan.interrupt_controller = config.interrupt_controller;
  plan.shadow_paging = shadow_paging();
  plan.counter_settable = true;
  plan.timers_follow_counter = true;
  RegisterList list;
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_REG_LIST, &list), "KVM_GET_REG_LIST"));
  for (std::size_t i = 0; i < std::min<std::size_t>(list.count, kMaxListed); ++i) {
    if (!arm64::register_apart(list.ids[i])) plan.numbered_registers.push_back(list.ids[i]);
  }
  return plan;
}

// Instructions that the processor has fetched from that page already are of the old content (Arm ARM B2.4.4).
bool copy_page_and_look(std::byte* to, const std::byte* from, ShadowPaging /*shadows*/, std::uint64_t /*memory_end*/) {
  std::memcpy(to, from, kGuestPageSize);
  auto* begin = reinterpret_cast<char*>(to);
  __builtin___clear_cache(begin, begin + kGuestPageSize);
  return false;
}

// Behind the interrupt controller.
Gpa spare_pages() { return Gpa(0xe2000000); }

}  // namespace remapstorm::host_kvm
