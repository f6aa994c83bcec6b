// SPDX-License-Identifier: Apache-2.0
// What the guest's driver expects of its machine (guest/abi): the region of its mailbox, where its devices answer, and
// which of them have to be described to it.
#pragma once

#include <string>
#include <vector>

#include "vmm/linux_boot.h"
#include "vmm/memory.h"
#include "vmm/platform.h"

namespace remapstorm {

inline constexpr const char* kMailboxRegion = "mailbox";
// Before the Vm is created. Errors: those of GuestMemory::add_region().
Status add_mailbox(GuestMemory& memory);

// For LinuxBoot::devices, of a guest of that many vCPUs.
std::vector<DescribedDevice> described_devices(unsigned vcpus);

// `workload`: the text that the agent reads.
PlatformConfig guest_devices(LineCallback console_line, std::string workload);

}  // namespace remapstorm
