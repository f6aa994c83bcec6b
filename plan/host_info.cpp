// SPDX-License-Identifier: Apache-2.0
#include "plan/host_info.h"

#include <algorithm>

namespace remapstorm {

double slowness_of(Nanoseconds port_round_trip) {
  return std::clamp(static_cast<double>(port_round_trip.count()) / 100'000.0, 1.0, 4.0);
}

}  // namespace remapstorm
