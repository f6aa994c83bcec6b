// SPDX-License-Identifier: Apache-2.0
#include "base/plural.h"

namespace remapstorm {

std::string plural(std::size_t count, const char* one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

}  // namespace remapstorm
