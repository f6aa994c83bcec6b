// SPDX-License-Identifier: Apache-2.0
#include "vmm/platform.h"

#include "guest/abi/remapstorm_abi.h"
#include "vmm/devices/cmos.h"
#include "vmm/devices/constant_ports.h"
#include "vmm/devices/doorbell.h"
#include "vmm/devices/i8042.h"
#include "vmm/devices/workload_port.h"

namespace remapstorm {

struct Platform::Devices {
  Devices(Vm& vm, PlatformConfig config)
      : serial(std::move(config.console_line),
               // Lost only if KVM refuses the ioctl; the guest then polls.
               [&vm](bool level) { static_cast<void>(vm.irq_line(Serial16550::kIrq, level)); }),
        workload(std::move(config.workload)) {}

  Serial16550 serial;
  Doorbell doorbell;
  WorkloadPort workload;
  I8042 keyboard;
  Cmos cmos;
  ConstantPorts zero{0x00};
  ConstantPorts absent{0xff};
};

Platform::Platform(std::unique_ptr<Devices> devices) : devices_(std::move(devices)) {}
Platform::~Platform() = default;

Serial16550& Platform::console() { return devices_->serial; }

PlatformState Platform::state() const {
  return {devices_->serial.state(), devices_->cmos.index(), devices_->workload.position()};
}

void Platform::set_state(const PlatformState& state) {
  devices_->serial.set_state(state.console);
  devices_->cmos.set_index(state.cmos_index);
  devices_->workload.set_position(state.workload_position);
}

Result<std::unique_ptr<Platform>> Platform::create(Vm& vm, PlatformConfig config) {
  auto devices = std::make_unique<Devices>(vm, std::move(config));
  Bus& pio = vm.pio();
  RS_TRY(pio.attach(Serial16550::kPort, Serial16550::kPorts, "serial port", devices->serial));
  RS_TRY(pio.attach(RS_DOORBELL_PORT, Doorbell::kSize, "doorbell", devices->doorbell));
  RS_TRY(pio.attach(RS_WORKLOAD_PORT, WorkloadPort::kSize, "workload port", devices->workload));
  RS_TRY(pio.attach(I8042::kDataPort, 1, "keyboard data", devices->zero));
  RS_TRY(pio.attach(I8042::kCommandPort, 1, "keyboard controller", devices->keyboard));
  RS_TRY(pio.attach(0x61, 1, "system control port", devices->zero));
  RS_TRY(pio.attach(Cmos::kPort, Cmos::kPorts, "real-time clock", devices->cmos));
  RS_TRY(pio.attach(0x80, 1, "POST code port", devices->zero));
  RS_TRY(pio.attach(0xcf8, 8, "absent PCI", devices->absent));
  return std::unique_ptr<Platform>(new Platform(std::move(devices)));
}

}  // namespace remapstorm
