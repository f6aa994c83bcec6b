// SPDX-License-Identifier: Apache-2.0
// The log in an output folder: ours like everything that the folder's mark lists (folder_mark.h). A file of that name
// that somebody else put there is not touched.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace remapstorm {

inline constexpr const char* kLogName = "remapstorm.log";

// For appending: new in `folder`, which is marked, and listed by its mark from then on; or that of an earlier command.
// Errors: usage (no mark; somebody else's file), host.
Result<Fd> open_log(const std::string& folder);

}  // namespace remapstorm
