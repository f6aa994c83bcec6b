// SPDX-License-Identifier: Apache-2.0
// Numbers in hexadecimal, as all our texts and files show addresses: "0x1f".
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace remapstorm {

inline std::string hex(std::uint64_t value) {
  char text[19];
  const auto end = std::to_chars(text, text + sizeof(text), value, 16).ptr;
  return "0x" + std::string(text, end);
}

// False: no such number, or more than 64 bits.
inline bool parse_hex(std::string_view text, std::uint64_t& value) {
  if (text.size() < 3 || text.size() > 18 || text.substr(0, 2) != "0x") return false;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data() + 2, end, value, 16);
  return result.ec == std::errc{} && result.ptr == end;
}

}  // namespace remapstorm
