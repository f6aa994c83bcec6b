// SPDX-License-Identifier: Apache-2.0
// What an instruction does with its operand in memory.
#pragma once

#include <cstdint>
#include <string_view>

namespace remapstorm {

enum class AccessKind : std::uint8_t { read, write, read_write, atomic };
std::string_view access_name(AccessKind kind);  // "read", "write", "read+write", "atomic"

}  // namespace remapstorm
