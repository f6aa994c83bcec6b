// SPDX-License-Identifier: Apache-2.0
// --junit FILE and --json FILE: what every command with verdicts writes besides what it shows.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/command.h"

namespace remapstorm {

struct ReportFiles {
  std::string junit, json;  // empty: none
};

struct ReportFilesWords {
  std::optional<std::string> junit, json;
};

// `words` must outlive the parsing.
void declare_report_files(ArgumentParser& parser, ReportFilesWords& words);
// Looks at no file. Error: usage.
Result<ReportFiles> check_report_files(const ReportFilesWords& words);

// Whether the files can be written once there is something to write: before the first guest starts. Error: usage.
Status check_places(const ReportFiles& files);

// Writes those that were asked for, each whole or not at all; what is no regular file (a pipe, /dev/stdout) is written
// to as it is. Trouble is said on context.log. Returns the exit code that this comes to, 0 if all is well.
int write_report_files(const CommandContext& context, const ReportFiles& files,
                       const std::function<std::string()>& junit, const std::function<std::string()>& json);

}  // namespace remapstorm
