// SPDX-License-Identifier: Apache-2.0
// Out of memory: whose trouble that is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace remapstorm {

struct MemoryLimit {
  std::uint64_t bytes = 0;
  std::string name;  // "ulimit -v"
};
// The smallest limit of its own that this process runs under, if any.
std::optional<MemoryLimit> least_memory_limit();

// `doing` failed for want of memory. unavailable, with a hint that names it, if this process runs under a limit of its
// own (ulimit -v, ulimit -d): it will never get more. Else host.
Error memory_error(const std::string& doing);

}  // namespace remapstorm
