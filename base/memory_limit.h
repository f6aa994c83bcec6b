// SPDX-License-Identifier: Apache-2.0
// Out of memory: whose trouble that is.
#pragma once

#include <string>

#include "base/result.h"

namespace remapstorm {

// `doing` failed for want of memory. unavailable, with a hint that names it, if this process runs under a limit of its
// own (ulimit -v, ulimit -d): it will never get more. Else host.
Error memory_error(const std::string& doing);

}  // namespace remapstorm
