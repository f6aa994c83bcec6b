// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/platform.h"

#include "vmm/arch/arm64/boot.h"
#include "vmm/platform.h"

namespace remapstorm::arm64 {

Status attach_devices(Platform& platform) {
  const PlatformConfig& config = platform.config();
  Bus& mmio = platform.vm().mmio();
  RS_TRY(platform.attach(mmio, kSerialBase, Serial16550::kRegisters, "serial port", platform.console()));
  RS_TRY(platform.vm().coalesced_writes().add(mmio, kSerialBase + Serial16550::kData, 1));
  if (config.doorbell != 0) {
    RS_TRY(platform.attach(mmio, config.doorbell, Doorbell::kSize, "doorbell", platform.doorbell()));
  }
  if (config.text_port == 0) return {};
  return platform.attach(mmio, config.text_port, TextPort::kSize, "text port", platform.text());
}

}  // namespace remapstorm::arm64
