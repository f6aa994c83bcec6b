// SPDX-License-Identifier: Apache-2.0
#include "cli/help_text.h"

#include <algorithm>

namespace remapstorm {
namespace {

constexpr std::size_t kWidestFirstColumn = 40, kNarrowestLastColumn = 10;

// Where the text of the last column begins.
std::size_t indent_of(std::string_view line, std::size_t width) {
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t gap = line.find("  ", first);
  if (gap > kWidestFirstColumn) return first;  // also where there is none
  const std::size_t second = line.find_first_not_of(' ', gap);
  return second != std::string_view::npos && second + kNarrowestLastColumn <= width ? second : first;
}

bool is_for_a_shell(std::string_view line, std::string_view called) {
  const std::size_t first = line.find_first_not_of(' ');
  if (first == std::string_view::npos) return false;
  return line.starts_with("usage:") || line.starts_with("example:") ||
         (first > 0 && line.substr(first).starts_with(std::string(called) + " "));
}

void add_fitted(std::string& out, std::string_view line, std::size_t width) {
  const std::string indent(indent_of(line, width), ' ');
  const std::size_t behind = indent.size();  // no cut before the last column's first word
  std::string rest(line);
  while (rest.size() > width) {
    std::size_t cut = rest.rfind(' ', width);
    if (cut == std::string::npos || cut <= behind) cut = rest.find(' ', std::max(behind, width));
    if (cut == std::string::npos) break;
    out += rest.substr(0, cut) + "\n";
    rest = indent + rest.substr(std::min(rest.find_first_not_of(' ', cut), rest.size()));
  }
  out += rest + "\n";
}

}  // namespace

std::string fitted(std::string_view help, std::size_t width, std::string_view called) {
  std::string out;
  while (!help.empty()) {
    const std::size_t end = std::min(help.find('\n'), help.size());
    const std::string_view line = help.substr(0, end);
    help.remove_prefix(std::min(end + 1, help.size()));
    if (is_for_a_shell(line, called)) {
      out += line;
      out += '\n';
    } else {
      add_fitted(out, line, width);
    }
  }
  return out;
}

std::size_t help_width(unsigned columns) {
  constexpr unsigned kNarrowest = 40, kUsual = 100, kWidest = 240;
  return columns == 0 ? kUsual : std::clamp(columns, kNarrowest, kWidest);
}

}  // namespace remapstorm
