// SPDX-License-Identifier: Apache-2.0
// AccessTrap: a range of the MMIO bus where every access is an MmioStop.
#pragma once

#include "vmm/bus.h"

namespace remapstorm {

class AccessTrap final : public BusDevice {
 public:
  explicit AccessTrap(Gpa base) : base_(base) {}
  std::optional<Stop> read(std::uint64_t offset, std::span<std::uint8_t> data) override;
  std::optional<Stop> write(std::uint64_t offset, std::span<const std::uint8_t> data) override;

 private:
  Gpa base_;
};

}  // namespace remapstorm
