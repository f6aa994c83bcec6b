// SPDX-License-Identifier: Apache-2.0
// Cmos: a real-time clock that always shows 2024-01-01 00:00:00 UTC, so that runs are alike.
#pragma once

#include <atomic>

#include "vmm/bus.h"

namespace remapstorm {

class Cmos final : public BusDevice {
 public:
  static constexpr std::uint64_t kPort = 0x70;  // index, then data
  static constexpr std::uint64_t kPorts = 2;
  std::optional<Stop> read(std::uint64_t offset, std::span<std::uint8_t> data) override;
  std::optional<Stop> write(std::uint64_t offset, std::span<const std::uint8_t> data) override;
  [[nodiscard]] std::vector<std::byte> save() const override;
  [[nodiscard]] bool load(std::span<const std::byte> record) override;

 private:
  std::atomic<std::uint8_t> index_{0};
};

}  // namespace remapstorm
