// SPDX-License-Identifier: Apache-2.0
#include "link/guest_devices.h"

#include <utility>

#include "guest/abi/remapstorm_abi.h"
#include "link/addresses.h"

namespace remapstorm {

Status add_mailbox(GuestMemory& memory) {
  constexpr std::uint64_t kWhole = (RS_MAILBOX_BYTES + kGuestPageSize - 1) / kGuestPageSize * kGuestPageSize;
  return memory.add_region(kMailboxRegion, Gpa(RS_MAILBOX_GPA), kWhole, RS_RING_OFFSET);
}

PlatformConfig guest_devices(LineCallback console_line, std::string workload) {
  PlatformConfig config;
  config.console_line = std::move(console_line);
  config.doorbell = kDoorbellAddress;
  config.text_port = kWorkloadAddress;
  config.text = std::move(workload);
  return config;
}

}  // namespace remapstorm
