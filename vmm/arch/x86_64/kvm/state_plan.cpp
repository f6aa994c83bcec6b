// SPDX-License-Identifier: Apache-2.0
// What state this KVM has: MSRs that can be read and written back, size of the FPU state, whether the counter obeys.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <fstream>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/arch/x86_64/kvm/counter.h"
#include "vmm/arch/x86_64/kvm/ioctl_numbers.h"
#include "vmm/arch/x86_64/kvm/msr.h"
#include "vmm/arch/x86_64/stale_translations.h"
#include "vmm/arch/x86_64/state_kinds.h"
#include "vmm/vm.h"

namespace remapstorm::host_kvm {
namespace {

constexpr std::size_t kMaxListedMsrs = 1024;

struct MsrList {
  std::uint32_t count = kMaxListedMsrs;
  std::uint32_t indices[kMaxListedMsrs] = {};
};

Result<std::vector<std::uint32_t>> listed_msrs(const Kvm& kvm) {
  MsrList list;
  RS_TRY(check_call(::ioctl(kvm.fd(), kGetMsrIndexList, &list), "KVM_GET_MSR_INDEX_LIST"));
  const std::size_t count = std::min<std::size_t>(list.count, kMaxListedMsrs);
  return std::vector<std::uint32_t>(list.indices, list.indices + count);
}

// A KVM may list MSRs that this vCPU does not have, and have some whose value it does not take back.
bool takes_part(int vcpu_fd, std::uint32_t index) {
  const auto value = msr(vcpu_fd, index);
  return value.ok() && set_msr(vcpu_fd, index, *value).ok();
}

bool counter_obeys(int vcpu_fd) {
  constexpr std::uint64_t kStep = 1u << 20;
  const auto before = counter_offset(vcpu_fd);
  if (!before.ok() || !set_counter_offset(vcpu_fd, *before + kStep).ok()) return false;
  const auto after = counter_offset(vcpu_fd);
  return after.ok() && *after == *before + kStep && set_counter_offset(vcpu_fd, *before).ok();
}

// The parameter of a module that is not loaded reads as nothing.
bool module_says_yes(const char* path) {
  std::ifstream file(path);
  char first = 0;
  return file.get(first) && (first == 'Y' || first == '1');
}

}  // namespace

ShadowPaging shadow_paging() {
  if (module_says_yes("/sys/module/kvm_intel/parameters/ept")) return ShadowPaging::none;
  if (module_says_yes("/sys/module/kvm_amd/parameters/npt")) return ShadowPaging::none;
  const bool hardware = std::ifstream("/sys/module/kvm_intel/parameters/ept").good() ||
                        std::ifstream("/sys/module/kvm_amd/parameters/npt").good();
  return hardware ? ShadowPaging::all : ShadowPaging::user;
}

Result<StatePlan> plan_state(const Kvm& kvm, int vcpu_fd, const VmConfig& config) {
  StatePlan plan;
  plan.interrupt_controller = config.interrupt_controller;
  plan.system_registers_2 = kvm.capability(KVM_CAP_SREGS2) != 0;
  plan.extended_control = kvm.capability(KVM_CAP_XCRS) != 0;
  plan.fpu_bytes = std::max<std::size_t>(kXsaveBytes, static_cast<std::size_t>(kvm.capability(KVM_CAP_XSAVE2)));
  plan.shadow_paging = shadow_paging();
  plan.counter_settable = counter_obeys(vcpu_fd);
  RS_ASSIGN(std::vector<std::uint32_t> msrs, listed_msrs(kvm));
  for (const std::uint32_t index : x86_64::unlisted_msrs()) {
    if (std::find(msrs.begin(), msrs.end(), index) == msrs.end()) msrs.push_back(index);
  }
  std::erase_if(msrs, [&](std::uint32_t index) { return x86_64::msr_apart(index) || !takes_part(vcpu_fd, index); });
  plan.numbered_registers.assign(msrs.begin(), msrs.end());
  return plan;
}

bool copy_page_and_look(std::byte* to, const std::byte* from, ShadowPaging shadows, std::uint64_t memory_end) {
  return x86_64::copy_page_and_look(to, from, shadows, memory_end);
}

// Below the pages that setup.cpp gives to KVM.
Gpa spare_pages() { return Gpa(0xfffb0000); }

}  // namespace remapstorm::host_kvm
