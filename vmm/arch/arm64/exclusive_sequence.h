// SPDX-License-Identifier: Apache-2.0
// vmm/exclusive_sequence.h of arm64.
#pragma once

#include "vmm/exclusive_sequence.h"

namespace remapstorm::arm64 {

std::optional<ExclusiveSequence> exclusive_sequence(Gva pc, const ReadVirtual& read);

}  // namespace remapstorm::arm64
