// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace remapstorm {

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  std::fprintf(stderr, "remapstorm: bug at %s:%d: %.*s (%s)\n", file, line, static_cast<int>(message.size()),
               message.data(), condition);
  std::abort();
}

}  // namespace remapstorm
