// SPDX-License-Identifier: Apache-2.0
#include "campaign/progress_text.h"

#include <cmath>

namespace remapstorm {

std::string time_left_text(double seconds) {
  const long whole = std::lround(seconds);
  if (whole < 90) return std::to_string(whole) + " s";
  if (whole < 5400) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

std::string progress_text(const std::string& what, std::size_t done, std::size_t all,
                          const std::optional<Nanoseconds>& left) {
  std::string text = what + ": " + std::to_string(done) + " of " + std::to_string(all) + " trials";
  return left ? text + ", about " + time_left_text(in_seconds(*left)) + " left" : text;
}

}  // namespace remapstorm
