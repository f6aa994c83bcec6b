// SPDX-License-Identifier: Apache-2.0
// --format: what a command prints on standard output.
#pragma once

#include <cstdint>

namespace remapstorm {

enum class OutputFormat : std::uint8_t { pretty, ktap, json };

}  // namespace remapstorm
