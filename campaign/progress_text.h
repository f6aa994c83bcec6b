// SPDX-License-Identifier: Apache-2.0
// How far a campaign is, in words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"

namespace remapstorm {

// "45 s", "3 min 10 s".
std::string time_left_text(double seconds);
// "sweep: 34 of 120 trials, about 1 min 12 s left"; of what is left nothing, if nothing is known.
std::string progress_text(const std::string& what, std::size_t done, std::size_t all,
                          const std::optional<Nanoseconds>& left);

}  // namespace remapstorm
