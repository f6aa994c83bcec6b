// SPDX-License-Identifier: Apache-2.0
// Platform: the devices every guest of ours gets, attached to a Vm's buses: console, doorbell, text port, and what the
// architecture's guests expect besides (attach_devices() of vmm/arch/MACHINE/platform.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "vmm/devices/doorbell.h"
#include "vmm/devices/serial16550.h"
#include "vmm/devices/text_port.h"
#include "vmm/vm.h"

namespace remapstorm {

struct PlatformConfig {
  LineCallback console_line;  // called from vCPU threads, one at a time
  // Where devices of the guest's driver answer: an I/O port on x86, else a guest-physical address. 0: the guest has
  // none.
  std::uint64_t doorbell = 0;
  std::uint64_t text_port = 0;
  std::string text;  // served there
};

// What the devices remember, for a snapshot: for each that remembers anything its name and a record that only it
// understands. The text is not in it: it is the configuration's.
struct DeviceState {
  std::string device;
  std::vector<std::byte> record;
  bool operator==(const DeviceState&) const = default;
};
using PlatformState = std::vector<DeviceState>;

class Platform {
 public:
  // `vm` must outlive the Platform, and the vCPUs must not run any more when it goes.
  static Result<std::unique_ptr<Platform>> create(Vm& vm, PlatformConfig config);

  [[nodiscard]] Serial16550& console() { return serial_; }

  // While no vCPU runs. set_state() drives interrupt lines: it goes before the restoring of KVM's state. Errors: usage
  // for a device that is not here, or a record that it does not understand (it may come from a file).
  [[nodiscard]] PlatformState state() const;
  Status set_state(const PlatformState& state);

  // For attach_devices(). `name`: each once.
  [[nodiscard]] Vm& vm() { return vm_; }
  [[nodiscard]] const PlatformConfig& config() const { return config_; }
  [[nodiscard]] Doorbell& doorbell() { return doorbell_; }
  [[nodiscard]] TextPort& text() { return text_; }
  Status attach(Bus& bus, std::uint64_t start, std::uint64_t size, const std::string& name, BusDevice& device);
  Status attach(Bus& bus, std::uint64_t start, std::uint64_t size, const std::string& name,
                std::unique_ptr<BusDevice> device);

 private:
  Platform(Vm& vm, PlatformConfig config);

  Vm& vm_;
  const PlatformConfig config_;
  Serial16550 serial_;
  Doorbell doorbell_;
  TextPort text_;
  struct Attached {
    std::string name;
    BusDevice* device = nullptr;
  };
  std::vector<Attached> attached_;
  std::vector<std::unique_ptr<BusDevice>> own_;
};

}  // namespace remapstorm
