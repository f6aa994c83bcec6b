// SPDX-License-Identifier: Apache-2.0
// Registers by the names a disassembly gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "vmm/arch/x86_64/registers.h"

namespace remapstorm::x86_64 {

// General registers, also their lower 32 bits ("eax", "r8d"), "rip", "fs_base", "gs_base".
std::optional<std::uint64_t> value_of(std::string_view name, const Registers& registers, const SystemRegisters& system);

}  // namespace remapstorm::x86_64
