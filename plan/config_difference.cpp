// SPDX-License-Identifier: Apache-2.0
#include "plan/config_difference.h"

#include <algorithm>
#include <map>

namespace remapstorm {
namespace {

constexpr std::string_view kPrefix = "CONFIG_";

// Value by symbol.
std::map<std::string, std::string, std::less<>> settings(std::string_view text) {
  std::map<std::string, std::string, std::less<>> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (!line.starts_with(kPrefix) || equals == std::string_view::npos || equals == kPrefix.size()) continue;
    found.emplace(line.substr(kPrefix.size(), equals - kPrefix.size()), line.substr(equals + 1));
  }
  return found;
}

}  // namespace

std::vector<std::string> config_difference(std::string_view base, std::string_view config) {
  const auto before = settings(base), after = settings(config);
  std::vector<std::string> differences;
  for (const auto& [symbol, value] : after) {
    const auto found = before.find(symbol);
    if (found == before.end()) {
      differences.push_back("+" + symbol + (value == "y" ? "" : "=" + value));
    } else if (found->second != value) {
      differences.push_back(symbol + "=" + value);
    }
  }
  for (const auto& [symbol, value] : before) {
    if (!after.contains(symbol)) differences.push_back("-" + symbol);
  }
  return differences;
}

}  // namespace remapstorm
