// SPDX-License-Identifier: Apache-2.0
#include "vmm/platform.h"

#include "vmm/devices/cmos.h"
#include "vmm/devices/constant_ports.h"
#include "vmm/devices/doorbell.h"
#include "vmm/devices/i8042.h"
#include "vmm/devices/text_port.h"

namespace remapstorm {

struct Platform::Devices {
  Devices(Vm& vm, PlatformConfig config)
      : serial(std::move(config.console_line),
               // Lost only if KVM refuses the ioctl; the guest then polls.
               [&vm](bool level) { static_cast<void>(vm.irq_line(Serial16550::kIrq, level)); }),
        text(std::move(config.text)) {}

  Serial16550 serial;
  Doorbell doorbell;
  TextPort text;
  I8042 keyboard;
  Cmos cmos;
  ConstantPorts zero{0x00};
  ConstantPorts absent{0xff};
};

Platform::Platform(std::unique_ptr<Devices> devices) : devices_(std::move(devices)) {}
Platform::~Platform() = default;

Serial16550& Platform::console() { return devices_->serial; }

PlatformState Platform::state() const {
  return {devices_->serial.state(), devices_->cmos.index(), devices_->text.position()};
}

void Platform::set_state(const PlatformState& state) {
  devices_->serial.set_state(state.console);
  devices_->cmos.set_index(state.cmos_index);
  devices_->text.set_position(state.text_position);
}

Result<std::unique_ptr<Platform>> Platform::create(Vm& vm, PlatformConfig config) {
  const std::uint16_t doorbell = config.doorbell_port, text = config.text_port;
  auto devices = std::make_unique<Devices>(vm, std::move(config));
  Bus& pio = vm.pio();
  RS_TRY(pio.attach(Serial16550::kPort, Serial16550::kPorts, "serial port", devices->serial));
  if (doorbell != 0) RS_TRY(pio.attach(doorbell, Doorbell::kSize, "doorbell", devices->doorbell));
  if (text != 0) RS_TRY(pio.attach(text, TextPort::kSize, "text port", devices->text));
  RS_TRY(pio.attach(I8042::kDataPort, 1, "keyboard data", devices->zero));
  RS_TRY(pio.attach(I8042::kCommandPort, 1, "keyboard controller", devices->keyboard));
  RS_TRY(pio.attach(0x61, 1, "system control port", devices->zero));
  RS_TRY(pio.attach(Cmos::kPort, Cmos::kPorts, "real-time clock", devices->cmos));
  RS_TRY(pio.attach(0x80, 1, "POST code port", devices->zero));
  RS_TRY(pio.attach(0xcf8, 8, "absent PCI", devices->absent));
  return std::unique_ptr<Platform>(new Platform(std::move(devices)));
}

}  // namespace remapstorm
