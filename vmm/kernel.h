// SPDX-License-Identifier: Apache-2.0
// A guest kernel and its symbols: of its ELF symbol table, else of the kallsyms in its bytes, or of another file of the
// same build.
#pragma once

#include <string>

#include "base/kernel_files.h"
#include "base/result.h"
#include "vmm/kernel_image.h"
#include "vmm/symbols.h"

namespace remapstorm {

struct Kernel {
  KernelImage image;
  Symbols symbols;
  std::string symbols_of;  // "its symbol table", "its kallsyms", or the file
};

// `files.symbols`: a System.map, or an ELF file with a symbol table (a vmlinux of a debug package), packed or not.
// Errors: those of KernelImage::open(); usage, naming the file: no symbols, or of another build than the kernel, which
// is told by the global names that both have, else by where linux_banner is, which another build may share.
Result<Kernel> open_kernel(const KernelFiles& files, Isa isa);

}  // namespace remapstorm
