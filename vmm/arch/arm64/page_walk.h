// SPDX-License-Identifier: Apache-2.0
// The walk of arm64's stage-1 tables.
#pragma once

#include "vmm/page_walk.h"

namespace remapstorm::arm64 {

// Arm ARM D8.2/D8.3: 4 KiB granule, 48-bit addresses; bit 55 chooses `kernel_root` or `user_root`.
PageWalk walk_tables(Gpa kernel_root, Gpa user_root, Gva address, const ReadPhysical& read);

}  // namespace remapstorm::arm64
