// SPDX-License-Identifier: Apache-2.0
#include "vmm/calibrate.h"

namespace remapstorm {

HostKind classify(double kernel_instructions_per_second, double user_instructions_per_second) {
  constexpr double kRatio = 20;
  return kernel_instructions_per_second * kRatio < user_instructions_per_second ? HostKind::interpreting
                                                                                : HostKind::hardware;
}

}  // namespace remapstorm
