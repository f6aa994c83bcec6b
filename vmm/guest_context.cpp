// SPDX-License-Identifier: Apache-2.0
#include "vmm/guest_context.h"

namespace remapstorm {

LinuxContext context_of_preempt_count(std::uint32_t count) {
  constexpr std::uint32_t kNmi = 0x00f00000, kHardirq = 0x000f0000, kServingSoftirq = 0x00000100;
  if ((count & kNmi) != 0) return LinuxContext::nmi;
  if ((count & kHardirq) != 0) return LinuxContext::hardirq;
  return (count & kServingSoftirq) != 0 ? LinuxContext::softirq : LinuxContext::task;
}

}  // namespace remapstorm
