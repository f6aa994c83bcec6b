// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/access_trap.h"

#include <algorithm>
#include <cstring>

namespace remapstorm {

std::optional<Stop> AccessTrap::read(std::uint64_t offset, std::span<std::uint8_t> data) {
  std::fill(data.begin(), data.end(), std::uint8_t{0xff});
  return MmioStop{base_ + offset, static_cast<unsigned>(data.size()), false, 0};
}

std::optional<Stop> AccessTrap::write(std::uint64_t offset, std::span<const std::uint8_t> data) {
  MmioStop stop{base_ + offset, static_cast<unsigned>(data.size()), true, 0};
  std::memcpy(&stop.value, data.data(), std::min(data.size(), sizeof(stop.value)));
  return stop;
}

}  // namespace remapstorm
