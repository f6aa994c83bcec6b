// SPDX-License-Identifier: Apache-2.0
// What the guest's driver expects of its machine (guest/abi): the region of its mailbox, its ports.
#pragma once

#include <string>

#include "vmm/memory.h"
#include "vmm/platform.h"

namespace remapstorm {

inline constexpr const char* kMailboxRegion = "mailbox";
// Before the Vm is created. Errors: those of GuestMemory::add_region().
Status add_mailbox(GuestMemory& memory);

// `workload`: the text that the agent reads.
PlatformConfig guest_devices(LineCallback console_line, std::string workload);

}  // namespace remapstorm
