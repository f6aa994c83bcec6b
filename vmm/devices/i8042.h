// SPDX-License-Identifier: Apache-2.0
// I8042: a keyboard controller without keyboard. Its status says "ready, nothing there", so that polling ends at once;
// the command that pulses the reset line is a ShutdownStop.
#pragma once

#include "vmm/bus.h"

namespace remapstorm {

class I8042 final : public BusDevice {
 public:
  static constexpr std::uint64_t kDataPort = 0x60;
  static constexpr std::uint64_t kCommandPort = 0x64;
  std::optional<Stop> read(std::uint64_t, std::span<std::uint8_t> data) override;
  // Attached at kCommandPort; the data port is a ConstantPorts.
  std::optional<Stop> write(std::uint64_t, std::span<const std::uint8_t> data) override;
};

}  // namespace remapstorm
