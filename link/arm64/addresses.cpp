// SPDX-License-Identifier: Apache-2.0
#include "link/addresses.h"

#include "guest/abi/remapstorm_abi.h"
#include "link/guest_devices.h"
#include "vmm/arch/arm64/gic.h"

namespace remapstorm {

const std::uint64_t kDoorbellAddress = RS_DOORBELL_GPA;
const std::uint64_t kWorkloadAddress = RS_WORKLOAD_GPA;

std::vector<DescribedDevice> described_devices(unsigned vcpus) {
  DescribedDevice interrupts{"test-interrupts", RS_ARM64_COMPATIBLE, {}};
  const auto add = [&](std::uint32_t kind, std::uint32_t number, std::uint32_t trigger) {
    interrupts.interrupts.insert(interrupts.interrupts.end(), {kind, number, trigger});
  };
  add(arm64::kCellPpi, RS_ARM64_LINE_PPI, arm64::kCellLevelHigh);
  add(arm64::kCellPpi, RS_ARM64_NMI_PPI, arm64::kCellLevelHigh);
  for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu) {
    add(arm64::kCellSpi, RS_ARM64_FIRST_SPI + vcpu, arm64::kCellEdge);
  }
  return {interrupts};
}

}  // namespace remapstorm
