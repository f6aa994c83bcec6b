// SPDX-License-Identifier: Apache-2.0
// A comparison of remap strategies as text of at most 100 columns, as a Markdown page and as JSON. Pure.
#pragma once

#include <string>

#include "results/comparison.h"

namespace remapstorm {

std::string comparison_text(const Comparison& comparison);
std::string comparison_markdown(const Comparison& comparison);
// A case for each measure of each strategy. What a strategy costs is no failure; what could not be measured is.
std::string comparison_junit(const Comparison& comparison);
// compare.json, schema 2 (docs/sweep.md).
std::string comparison_json(const Comparison& comparison);

}  // namespace remapstorm
