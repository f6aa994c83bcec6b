// SPDX-License-Identifier: Apache-2.0
// Scenario -> TOML (docs/scenario-format.md). What parse_scenario() makes of the text is the scenario again, apart from
// its file name. Values that are the format's defaults are written too, except limits.
#pragma once

#include <string>

#include "plan/scenario.h"

namespace remapstorm {

// `comment`: lines to stand on top, without '#'; may be empty.
std::string scenario_toml(const Scenario& scenario, const std::string& comment = {});

}  // namespace remapstorm
