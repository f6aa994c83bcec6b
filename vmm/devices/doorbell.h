// SPDX-License-Identifier: Apache-2.0
// Doorbell: a 32-bit write becomes a DoorbellStop. Accesses of other sizes are ignored; reads give
// all-ones.
#pragma once

#include "vmm/bus.h"

namespace remapstorm {

class Doorbell final : public BusDevice {
 public:
  static constexpr std::uint64_t kSize = 4;
  std::optional<Stop> read(std::uint64_t offset, std::span<std::uint8_t> data) override;
  std::optional<Stop> write(std::uint64_t offset, std::span<const std::uint8_t> data) override;
};

}  // namespace remapstorm
