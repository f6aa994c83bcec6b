// SPDX-License-Identifier: Apache-2.0
// ConstantPorts: a range that reads as one byte everywhere and ignores writes (POST code port 0x80, absent PCI, ...).
#pragma once

#include "vmm/bus.h"

namespace remapstorm {

class ConstantPorts final : public BusDevice {
 public:
  explicit ConstantPorts(std::uint8_t value) : value_(value) {}
  std::optional<Stop> read(std::uint64_t, std::span<std::uint8_t> data) override {
    for (std::uint8_t& byte : data) byte = value_;
    return std::nullopt;
  }
  std::optional<Stop> write(std::uint64_t, std::span<const std::uint8_t>) override { return std::nullopt; }

 private:
  std::uint8_t value_;
};

}  // namespace remapstorm
