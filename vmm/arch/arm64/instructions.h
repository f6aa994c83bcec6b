// SPDX-License-Identifier: Apache-2.0
// What instructions mean to whoever steps and counts them: vmm/instruction_role.h of arm64.
#pragma once

#include "vmm/instruction_role.h"

namespace remapstorm::arm64 {

// YIELD and WFE, WFI; MSR of ICC_SGI1R_EL1 sends.
InstructionRole role(std::span<const std::uint8_t> code);
// BL, BLR, B and BR (Arm ARM C6.2); conditional branches are none.
std::optional<Branch> branch(std::span<const std::uint8_t> code, Gva pc);
// By ICC_SGI1R_EL1 (Arm GIC specification).
std::optional<SentInterrupt> sent_interrupt(std::span<const std::uint8_t> code, const RegisterValue& value);

}  // namespace remapstorm::arm64
