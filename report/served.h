// SPDX-License-Identifier: Apache-2.0
// The faces of what a `serve` has come to. Pure.
#pragma once

#include <string>

#include "results/served.h"

namespace remapstorm {

// How long, how often, what came of it and how often. `directory` holds `kept` rounds.
std::string served_text(const Served& served, std::size_t kept, const std::string& directory);
// "1:02:03": hours, minutes, seconds.
std::string hours_text(Nanoseconds time);
// Schema 1 (docs/commands.md).
std::string served_json(const Served& served);
// A case for each scenario.
std::string served_junit(const Served& served);

}  // namespace remapstorm
