// SPDX-License-Identifier: Apache-2.0
#include "results/soak.h"

namespace remapstorm {

SoakCounts Soak::sum() const {
  SoakCounts sum;
  for (const auto& [strategy, one] : counts) {
    sum.clean += one.clean;
    sum.imposed_stalls += one.imposed_stalls;
    sum.false_alarms += one.false_alarms;
    sum.failed += one.failed;
  }
  return sum;
}

}  // namespace remapstorm
