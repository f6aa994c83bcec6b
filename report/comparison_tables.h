// SPDX-License-Identifier: Apache-2.0
// Tables of a comparison, of which text and Markdown are two prints. Private to its .cpp files.
#pragma once

#include <string>
#include <vector>

#include "report/comparison.h"

namespace remapstorm {

inline constexpr const char* kNoFigure = "-";

struct ComparisonTable {
  std::string title;
  std::string note;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

// Of `compare --count`: empty without counts.
std::vector<ComparisonTable> count_tables(const Comparison& comparison);
// Whether the runs agree, and where they do not.
std::vector<std::string> count_spread(const Comparison& comparison);

}  // namespace remapstorm
