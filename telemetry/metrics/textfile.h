// SPDX-License-Identifier: Apache-2.0
// A file for the textfile collector of node_exporter.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace remapstorm {

// Replaces `path` as a whole: a reader sees the old or the new one. Not synced: after a crash of the machine the
// figures are worth nothing. Errors: host (folder missing or read-only, disk full).
Status write_metrics_textfile(const std::string& path, std::string_view metrics);

}  // namespace remapstorm
