// SPDX-License-Identifier: Apache-2.0
// The words after `explore` and `census` become ExploreOptions.
#pragma once

#include <optional>

#include "cli/command.h"
#include "harness/census.h"
#include "harness/explore_options.h"

namespace remapstorm {

// Looks at no file. Nothing: help is wanted. Errors: usage.
Result<std::optional<ExploreOptions>> parse_explore_options(const CommandContext& context, const Arguments& arguments);
std::string explore_help(const CommandContext& context);

// The same for census.
Result<std::optional<CensusOptions>> parse_census_options(const CommandContext& context, const Arguments& arguments);
std::string census_help(const CommandContext& context);

}  // namespace remapstorm
