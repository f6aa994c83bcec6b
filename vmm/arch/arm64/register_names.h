// SPDX-License-Identifier: Apache-2.0
// Registers by the names a disassembly gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "vmm/arch/arm64/registers.h"

namespace remapstorm::arm64 {

// General registers, also their lower 32 bits ("w3"), "fp", "lr", "sp", "pc", "xzr". The stack pointer is the one that
// is used now (PSTATE.SP).
std::optional<std::uint64_t> value_of(std::string_view name, const Registers& registers);

}  // namespace remapstorm::arm64
