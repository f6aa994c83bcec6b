// SPDX-License-Identifier: Apache-2.0
// Files that a person names to be read.
#pragma once

#include <fstream>
#include <string>

#include "base/result.h"

namespace remapstorm {

// Opens a regular file, in binary. A FIFO without a writer would be waited for without an end, and what comes through
// one cannot be read twice. Error: usage (not there, not readable, no regular file).
Result<std::ifstream> open_input_file(const std::string& path);

}  // namespace remapstorm
