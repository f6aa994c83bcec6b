// SPDX-License-Identifier: Apache-2.0
// Compressed bytes, by libarchive.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/mapping.h"
#include "base/result.h"

namespace remapstorm {

// "gzip", "xz", "lzma", "zstd", "lz4", "bzip2", by the first bytes; null: none of them.
const char* compression_of(std::span<const std::byte> bytes);

// What a compressed stream holds; bytes behind its end are not looked at. Errors name `what`: usage (damaged, cut,
// empty, or more than `most` bytes), host (no memory).
Result<Mapping> unpack(std::span<const std::byte> packed, const std::string& what, std::size_t most);

}  // namespace remapstorm
