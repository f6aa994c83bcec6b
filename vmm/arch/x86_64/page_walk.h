// SPDX-License-Identifier: Apache-2.0
// The walk of x86-64's page tables.
#pragma once

#include "vmm/page_walk.h"

namespace remapstorm::x86_64 {

// SDM volume 3, 4.5. `levels` is 4 or 5. A non-canonical address is not present.
PageWalk walk_tables(Gpa root, unsigned levels, Gva address, const ReadPhysical& read);

}  // namespace remapstorm::x86_64
