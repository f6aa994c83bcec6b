// SPDX-License-Identifier: Apache-2.0
// How often something happens, from how often it did.
#pragma once

#include <cstdint>

namespace remapstorm {

struct Interval {
  double low = 0, high = 1;
};
// Wilson's score interval of a proportion, 95 % (E. B. Wilson, 1927): `count` of `trials` that do not depend on each
// other. Within [0, 1]; all of it where there was no trial.
Interval proportion_95(std::uint64_t count, std::uint64_t trials);

}  // namespace remapstorm
