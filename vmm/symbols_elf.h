// SPDX-License-Identifier: Apache-2.0
// The symbol table of an ELF file (gABI, SHT_SYMTAB): functions and data.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"
#include "vmm/symbols.h"

namespace remapstorm {

// Empty if it has none, as in a stripped file. Errors: usage, naming the file: not ELF, a broken table.
Result<Symbols> symbols_of_elf(const std::string& path, std::span<const std::byte> file);

}  // namespace remapstorm
