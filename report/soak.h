// SPDX-License-Identifier: Apache-2.0
// What a soak has shown, as text and as JSON. Pure.
#pragma once

#include <string>

#include "results/soak.h"

namespace remapstorm {

std::string soak_text(const Soak& soak);
// A case for each strategy, and one for each trial that is worth telling of.
std::string soak_junit(const Soak& soak);
// soak.json, schema 1 (docs/sweep.md).
std::string soak_json(const Soak& soak);
// "1000 control trials: 998 clean, 2 stalls that the harness imposed, no false alarm".
std::string soak_summary(const Soak& soak);

}  // namespace remapstorm
