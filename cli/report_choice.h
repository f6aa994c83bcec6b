// SPDX-License-Identifier: Apache-2.0
// The report that a person asked for.
#pragma once

#include <memory>

#include "cli/command.h"
#include "cli/output_format.h"
#include "cli/volume.h"
#include "report/report.h"

namespace remapstorm {

// Of context.out: colour and letters as terminal and environment allow.
TerminalStyle style_of(const CommandContext& context);

// To context.out, which must outlive it. Colour and letters as terminal and environment allow.
std::unique_ptr<Report> make_report(const CommandContext& context, OutputFormat format, Volume volume);

}  // namespace remapstorm
