// SPDX-License-Identifier: Apache-2.0
// The kernel in a file, out of what it is packed in: compressed with gzip, xz, lzma, zstd, lz4 or bzip2, a bzImage
// (Linux Documentation/arch/x86/boot.rst), a compressed EFI image (drivers/firmware/efi/libstub/zboot-header.S). The
// file is not trusted.
#pragma once

#include <cstddef>
#include <string>

#include "base/mapping.h"
#include "base/result.h"

namespace remapstorm {

// With KASAN and debug information a vmlinux has about 1 GiB.
inline constexpr std::size_t kMostKernelBytes = std::size_t{4} << 30;

struct KernelFile {
  Mapping bytes;         // neither compressed nor a bzImage; what it is instead is not looked at
  std::string taken_of;  // "FILE", or "the xz payload of the bzImage FILE"
};

// Errors, all naming the file: usage (missing, empty, a folder; a header that points outside of it; compressed bytes
// that are damaged, cut or become more than `most`), host (no memory).
Result<KernelFile> read_kernel_file(const std::string& path, std::size_t most);

}  // namespace remapstorm
