// SPDX-License-Identifier: Apache-2.0
// A file for the textfile collector of node_exporter.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace remapstorm {

// Two files in one folder with the same series lose node_exporter the whole scrape. So each carries a label WRITER with
// the file's own name, without its ending: as few values as there are files, the same after each start.
inline constexpr const char* kWriterLabel = "writer";
std::string writer_of(const std::string& path);
// Whether `path` may be replaced: it is not there, empty, or a textfile of ours. Error: usage.
Status check_metrics_textfile(const std::string& path);
// Replaces `path` as a whole: a reader sees the old or the new one. Readable for everybody whatever the umask says:
// node_exporter runs as a user of its own. Not synced: after a crash of the machine the figures are worth nothing.
// Errors: host (folder missing or read-only, disk full).
Status write_metrics_textfile(const std::string& path, std::string_view metrics);

}  // namespace remapstorm
