// SPDX-License-Identifier: Apache-2.0
// How much a message matters: --log-level.
#pragma once

#include <cstdint>

namespace remapstorm {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };  // in this order

}  // namespace remapstorm
