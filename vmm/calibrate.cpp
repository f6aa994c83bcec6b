// SPDX-License-Identifier: Apache-2.0
#include "vmm/calibrate.h"

namespace remapstorm {

std::string_view host_kind_name(HostKind kind) {
  return kind == HostKind::interpreting ? "kvm-interpreting" : "kvm-hardware";
}

HostKind classify(double kernel_instructions_per_second, double user_instructions_per_second) {
  constexpr double kRatio = 20;
  return kernel_instructions_per_second * kRatio < user_instructions_per_second ? HostKind::interpreting
                                                                                : HostKind::hardware;
}

}  // namespace remapstorm
