// SPDX-License-Identifier: Apache-2.0
// The symbols that a kernel with CONFIG_KALLSYMS carries in its read-only data (Linux scripts/kallsyms.c writes them,
// kernel/kallsyms.c reads them), found without any symbol: by the strings of its 256 tokens and their index, which
// agree. The bytes are not trusted.
#pragma once

#include <vector>

#include "base/result.h"
#include "vmm/kernel_image.h"
#include "vmm/symbol_list.h"

namespace remapstorm {

// At the addresses the kernel is linked for: where it runs unless it was told to choose another place (KASLR).
// Errors: usage, naming the file: it has no such table, or one that cannot be what a kernel reads.
Result<std::vector<ListedSymbol>> read_kallsyms(const KernelImage& kernel);

}  // namespace remapstorm
