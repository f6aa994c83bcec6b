// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/doorbell.h"

#include <algorithm>
#include <cstring>

namespace remapstorm {

std::optional<Stop> Doorbell::read(std::uint64_t, std::span<std::uint8_t> data) {
  std::fill(data.begin(), data.end(), std::uint8_t{0xff});
  return std::nullopt;
}

std::optional<Stop> Doorbell::write(std::uint64_t, std::span<const std::uint8_t> data) {
  if (data.size() != kSize) return std::nullopt;
  DoorbellStop stop;
  std::memcpy(&stop.value, data.data(), sizeof(stop.value));
  return stop;
}

}  // namespace remapstorm
