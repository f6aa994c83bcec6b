// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/platform.h"

#include "vmm/devices/cmos.h"
#include "vmm/devices/constant_ports.h"
#include "vmm/devices/i8042.h"
#include "vmm/platform.h"

namespace remapstorm::x86_64 {

Status attach_devices(Platform& platform) {
  const PlatformConfig& config = platform.config();
  Bus& pio = platform.vm().pio();
  const auto constant = [](std::uint8_t value) { return std::make_unique<ConstantPorts>(value); };
  RS_TRY(platform.attach(pio, kSerialPort, Serial16550::kRegisters, "serial port", platform.console()));
  RS_TRY(platform.vm().coalesced_writes().add(pio, kSerialPort + Serial16550::kData, 1));
  if (config.doorbell != 0) {
    RS_TRY(platform.attach(pio, config.doorbell, Doorbell::kSize, "doorbell", platform.doorbell()));
  }
  if (config.text_port != 0) {
    RS_TRY(platform.attach(pio, config.text_port, TextPort::kSize, "text port", platform.text()));
  }
  RS_TRY(platform.attach(pio, I8042::kDataPort, 1, "keyboard data", constant(0x00)));
  RS_TRY(platform.attach(pio, I8042::kCommandPort, 1, "keyboard controller", std::make_unique<I8042>()));
  RS_TRY(platform.attach(pio, 0x61, 1, "system control port", constant(0x00)));
  RS_TRY(platform.attach(pio, Cmos::kPort, Cmos::kPorts, "real-time clock", std::make_unique<Cmos>()));
  RS_TRY(platform.attach(pio, 0x80, 1, "POST code port", constant(0x00)));
  return platform.attach(pio, 0xcf8, 8, "absent PCI", constant(0xff));
}

}  // namespace remapstorm::x86_64
