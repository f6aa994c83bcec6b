// SPDX-License-Identifier: Apache-2.0
// Frame records (AAPCS64 6.4.6): x29 points to the saved x29 and the return address.
#pragma once

#include <cstddef>
#include <vector>

#include "vmm/backtrace.h"

namespace remapstorm::arm64 {
std::vector<StackFrame> walk_frames(const CpuState& state, const ReadVirtual& read, std::size_t limit);
}
