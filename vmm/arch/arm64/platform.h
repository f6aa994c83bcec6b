// SPDX-License-Identifier: Apache-2.0
// The devices of a guest on arm64.
#pragma once

#include "base/result.h"

namespace remapstorm {
class Platform;
}

namespace remapstorm::arm64 {

// Those of the platform, in guest-physical address space; the console where the device tree says (boot.h, fdt.h).
Status attach_devices(Platform& platform);

}  // namespace remapstorm::arm64
