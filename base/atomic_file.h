// SPDX-License-Identifier: Apache-2.0
// A file appears whole or not at all: written under a temporary name in the same folder, synced, renamed.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace remapstorm {

// Errors: ErrorKind::host with errno (ENOSPC among them); the temporary file is removed.
Status write_file_atomically(const std::string& path, std::string_view content);

// The same, with content that `write` puts into the empty file behind the descriptor. Not synced: for files that their
// reader checks, such as those of a cache.
Status replace_file(const std::string& path, const std::function<Status(int fd)>& write);

}  // namespace remapstorm
