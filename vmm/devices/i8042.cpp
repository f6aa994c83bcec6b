// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/i8042.h"

#include <algorithm>

namespace remapstorm {

std::optional<Stop> I8042::read(std::uint64_t, std::span<std::uint8_t> data) {
  std::fill(data.begin(), data.end(), std::uint8_t{0});
  return std::nullopt;
}

std::optional<Stop> I8042::write(std::uint64_t, std::span<const std::uint8_t> data) {
  // 0xf0 - 0xff pulse output lines that are 0 in the low bits; line 0 is reset.
  if (data.empty() || (data[0] & 0xf1) != 0xf0) return std::nullopt;
  return ShutdownStop{ShutdownStop::Why::reset};
}

}  // namespace remapstorm
