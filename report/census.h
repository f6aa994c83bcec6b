// SPDX-License-Identifier: Apache-2.0
// A census as text of at most 72 columns and as JSON. Pure.
#pragma once

#include <string>

#include "results/census.h"

namespace remapstorm {

std::string census_text(const Census& census);
// census.json, schema 1 (docs/explore.md).
std::string census_json(const Census& census);

}  // namespace remapstorm
