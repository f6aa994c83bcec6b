// SPDX-License-Identifier: Apache-2.0
// CpuPolicy: which CPU features the guest is shown.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace remapstorm {

struct CpuPolicy {
  // Features to hide, by the names Linux uses in /proc/cpuinfo and clearcpuid= ("erms", "popcnt"). An unknown name is a
  // usage error at Vm::create. On an interpreting host CPUID masks do not reach the guest: see
  // arch/x86_64/interpreting_host.h for what goes on the command line instead.
  std::vector<std::string> hidden_features;
  // arm64: the level of FEAT_BBM that the guest sees, 0 to 2 and not more than the host's; nothing: the host's. A KVM
  // that does not let it be set (before Linux 6.12), or has less: unavailable at Vm::create.
  std::optional<unsigned> bbm;

  bool operator==(const CpuPolicy&) const = default;
};

}  // namespace remapstorm
