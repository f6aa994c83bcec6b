// SPDX-License-Identifier: Apache-2.0
// FaultEntries: where a vCPU goes when its next instruction faults or calls the kernel.
#pragma once

#include <optional>

#include "base/address.h"

namespace remapstorm {

// Nothing: there is no such handler, or a step ends at its entry by itself.
struct FaultEntries {
  std::optional<Gva> page_fault, system_call;
};

}  // namespace remapstorm
