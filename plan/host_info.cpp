// SPDX-License-Identifier: Apache-2.0
#include "plan/host_info.h"

#include <algorithm>
#include <string_view>

namespace remapstorm {

std::string lab_kind(const std::string& kind) {
  constexpr std::string_view kLab = "lab:";
  return kind.starts_with(kLab) ? kind.substr(kLab.size()) : std::string();
}

double slowness_of(Nanoseconds port_round_trip) {
  return std::clamp(static_cast<double>(port_round_trip.count()) / 100'000.0, 1.0, 4.0);
}

}  // namespace remapstorm
