// SPDX-License-Identifier: Apache-2.0
// The guest kernel's command line: what the image asks for (its cmdline/ files), what the host's kind needs, what ties
// guest and host together.
#pragma once

#include <cstdint>
#include <string>

#include "base/host_kind.h"
#include "base/result.h"

namespace remapstorm {

// One parameter a line; '#' starts a comment; empty lines do not count. Joined by single spaces.
std::string parameters_of(const std::string& file_content);

struct CommandLine {
  std::string base;  // of every trial
  std::string nmi;   // in addition, of one that needs NMIs; empty where they are always there
};

// From IMAGE/cmdline/common and, on an interpreting host, IMAGE/cmdline/interpreting; IMAGE/cmdline/nmi. A file that is
// not there adds nothing. `@COUNTER_KHZ@` becomes the rate of the guest's counter in kHz. Error: usage for a file that
// cannot be read.
Result<CommandLine> command_line_of(const std::string& image_directory, HostKind kind, std::uint64_t counter_khz);

// sha256 of IMAGE/cmdline/common, .../interpreting and .../nmi, one behind the other. Error: usage.
Result<std::string> command_line_sha256(const std::string& image_directory);

}  // namespace remapstorm
