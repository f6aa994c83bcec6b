// SPDX-License-Identifier: Apache-2.0
// CpuPolicy: which CPU features the guest is shown.
#pragma once

#include <string>
#include <vector>

namespace remapstorm {

struct CpuPolicy {
  // Features to hide, by the names Linux uses in /proc/cpuinfo and clearcpuid= ("erms", "popcnt"). An unknown name is a
  // usage error at Vm::create. On an interpreting host CPUID masks do not reach the guest: see
  // arch/x86_64/interpreting_host.h for what goes on the command line instead.
  std::vector<std::string> hidden_features;
};

}  // namespace remapstorm
