// SPDX-License-Identifier: Apache-2.0
// The build-id of the running program: a hash of its contents that the linker put into it.
#pragma once

#include <string>

namespace remapstorm {

// Hex, or "none" for a program linked without one.
std::string build_id();

}  // namespace remapstorm
