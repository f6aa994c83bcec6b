// SPDX-License-Identifier: Apache-2.0
#include "vmm/platform.h"

#include <algorithm>

#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {

Platform::Platform(Vm& vm, PlatformConfig config)
    : vm_(vm),
      config_(std::move(config)),
      serial_(config_.console_line,
              // Lost only if KVM refuses the ioctl; the guest then polls.
              [&vm](LineLevel level) { static_cast<void>(vm.irq_line(arch_of(kHostIsa).serial_interrupt, level)); }),
      text_(config_.text) {}

Result<std::unique_ptr<Platform>> Platform::create(Vm& vm, PlatformConfig config) {
  std::unique_ptr<Platform> platform(new Platform(vm, std::move(config)));
  RS_TRY(arch::attach_devices(*platform));
  return platform;
}

Status Platform::attach(Bus& bus, std::uint64_t start, std::uint64_t size, const std::string& name, BusDevice& device) {
  attached_.push_back({name, &device});
  return bus.attach(start, size, name, device);
}

Status Platform::attach(Bus& bus, std::uint64_t start, std::uint64_t size, const std::string& name,
                        std::unique_ptr<BusDevice> device) {
  own_.push_back(std::move(device));
  return attach(bus, start, size, name, *own_.back());
}

PlatformState Platform::state() const {
  PlatformState state;
  for (const Attached& one : attached_) {
    std::vector<std::byte> record = one.device->save();
    if (!record.empty()) state.push_back({one.name, std::move(record)});
  }
  return state;
}

Status Platform::set_state(const PlatformState& state) {
  for (const DeviceState& saved : state) {
    const auto found =
        std::find_if(attached_.begin(), attached_.end(), [&](const Attached& one) { return one.name == saved.device; });
    if (found == attached_.end()) return usage_error("the snapshot has a device that is not here: " + saved.device);
    if (!found->device->load(saved.record)) {
      return usage_error("the snapshot has an impossible state of the device " + saved.device);
    }
  }
  return {};
}

}  // namespace remapstorm
