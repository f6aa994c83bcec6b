// SPDX-License-Identifier: Apache-2.0
// Platform: the devices every guest of ours gets, attached to a Vm's buses.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vmm/devices/serial16550.h"
#include "vmm/vm.h"

namespace remapstorm {

struct PlatformConfig {
  LineCallback console_line;  // called from vCPU threads, one at a time
  // Of the guest's driver; 0: the guest has none.
  std::uint16_t doorbell_port = 0;
  std::uint16_t text_port = 0;
  std::string text;  // served there
};

// What the devices remember, for a snapshot. The text is not in it: it is the configuration's.
struct PlatformState {
  Serial16550State console;
  std::uint8_t cmos_index = 0;
  std::uint64_t text_position = 0;
  bool operator==(const PlatformState&) const = default;
};

class Platform {
 public:
  // `vm` must outlive the Platform, and the vCPUs must not run any more when it goes.
  static Result<std::unique_ptr<Platform>> create(Vm& vm, PlatformConfig config);
  ~Platform();

  [[nodiscard]] Serial16550& console();

  // While no vCPU runs. set_state() drives interrupt lines: it goes before the restoring of KVM's state.
  [[nodiscard]] PlatformState state() const;
  void set_state(const PlatformState& state);

 private:
  struct Devices;
  explicit Platform(std::unique_ptr<Devices> devices);
  std::unique_ptr<Devices> devices_;
};

}  // namespace remapstorm
