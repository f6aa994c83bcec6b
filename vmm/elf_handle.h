// SPDX-License-Identifier: Apache-2.0
// libelf's handle of an open file. Private to the .cpp files that link libelf.
#pragma once

#include <libelf.h>

#include <memory>

namespace remapstorm {

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

}  // namespace remapstorm
