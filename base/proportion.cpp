// SPDX-License-Identifier: Apache-2.0
#include "base/proportion.h"

#include <algorithm>
#include <cmath>

namespace remapstorm {

Interval proportion_95(std::uint64_t count, std::uint64_t trials) {
  if (trials == 0) return {};
  constexpr double kZ = 1.959963984540054;  // the normal distribution's 97.5 % quantile
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(std::min(count, trials)) / n;
  const double centre = p + kZ * kZ / (2 * n), root = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {std::max(0.0, (centre - root) / scale), std::min(1.0, (centre + root) / scale)};
}

}  // namespace remapstorm
