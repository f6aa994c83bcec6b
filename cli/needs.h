// SPDX-License-Identifier: Apache-2.0
// The flavours of the guest images that a command will boot, with @KIND those on a lab of another architecture, from
// the words behind its name; a column of the table of commands. Mistakes in the words need nothing: the command itself
// will explain them. Where it can only say that no guest runs here it needs nothing, either: to build an image takes
// minutes.
#pragma once

#include <set>
#include <string>

#include "cli/command.h"

namespace remapstorm {

Flavours run_needs(const CommandContext& context, const Arguments& words);
Flavours serve_needs(const CommandContext& context, const Arguments& words);
Flavours minimize_needs(const CommandContext& context, const Arguments& words);
Flavours sweep_needs(const CommandContext& context, const Arguments& words);
Flavours soak_needs(const CommandContext& context, const Arguments& words);
Flavours compare_needs(const CommandContext& context, const Arguments& words);
Flavours explore_needs(const CommandContext& context, const Arguments& words);
Flavours census_needs(const CommandContext& context, const Arguments& words);

}  // namespace remapstorm
