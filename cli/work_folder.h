// SPDX-License-Identifier: Apache-2.0
// The output folder of a command that adds to it as it goes, unlike harness/output_dir.h: what is in it after a kill is
// what had been done.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command.h"

namespace remapstorm {

// `requested` (--output-dir) or, if empty, STATE/runs/STAMP-LABEL; made if it is missing; absolute. Errors: usage (a
// file is there, or what was asked for cannot be made or written into), unavailable (no more can STATE), host.
Result<std::string> make_work_folder(const CommandContext& context, const std::string& requested,
                                     const std::string& label, std::int64_t started);
// Makes `path` and what is above it. `asked_for`: its name came from the user. Errors: kind_of_place() of
// base/syscall.h.
Status make_folders(const std::string& path, bool asked_for = false);
// Whether files can be made in the folder `path`. Errors: the same.
Status check_writable(const std::string& path, bool asked_for);

// "45 s", "3 min 10 s".
std::string time_left_text(double seconds);
// "sweep: 34 of 120 trials, about 1 min 12 s left"; of what is left nothing, if nothing is known.
std::string progress_text(const std::string& what, std::size_t done, std::size_t all,
                          const std::optional<Nanoseconds>& left);

}  // namespace remapstorm
