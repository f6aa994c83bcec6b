// SPDX-License-Identifier: Apache-2.0
// The devices of a guest on x86-64.
#pragma once

#include "base/result.h"

namespace remapstorm {
class Platform;
}

namespace remapstorm::x86_64 {

inline constexpr std::uint64_t kSerialPort = 0x3f8;  // COM1
inline constexpr unsigned kSerialLine = 4;

// Those of the platform, and what a PC has besides that Linux looks for: keyboard controller, clock, PCI that is
// absent.
Status attach_devices(Platform& platform);

}  // namespace remapstorm::x86_64
