// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), as sha256sum(1) prints it: what a person can check says what ran.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace remapstorm {

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);

}  // namespace remapstorm
