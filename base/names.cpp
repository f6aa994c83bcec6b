// SPDX-License-Identifier: Apache-2.0
#include "base/names.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace remapstorm {

unsigned edit_distance(std::string_view a, std::string_view b, unsigned cap) {
  const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference >= cap) return cap;
  // Three rows of the usual table: the swap of neighbours looks two rows back.
  std::vector<unsigned> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<unsigned>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<unsigned>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const unsigned change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return std::min(last[b.size()], cap);
}

std::vector<std::string> near_matches(std::string_view typed, std::span<const std::string> names, std::size_t most) {
  const unsigned limit = std::max<unsigned>(1, static_cast<unsigned>(std::min<std::size_t>(typed.size() / 3, 7)));
  std::vector<std::pair<unsigned, const std::string*>> found;
  for (const std::string& name : names) {
    const unsigned distance = edit_distance(typed, name, limit + 1);
    const bool inside = typed.size() >= 3 && name.find(typed) != std::string::npos;
    if (distance <= limit || inside) found.emplace_back(std::min(distance, limit + 1), &name);
  }
  // Of equally near ones first what begins alike, then what is shorter.
  const auto alike = [&](const std::string& name) {
    return std::mismatch(typed.begin(), typed.end(), name.begin(), name.end()).first - typed.begin();
  };
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return std::tuple(a.first, -alike(*a.second), a.second->size()) <
           std::tuple(b.first, -alike(*b.second), b.second->size());
  });
  std::vector<std::string> result;
  for (std::size_t i = 0; i < std::min(most, found.size()); ++i) result.push_back(*found[i].second);
  return result;
}

bool contains(std::span<const std::string> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(std::span<const std::string> names, std::string_view separator) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += separator;
    text += name;
  }
  return text;
}

}  // namespace remapstorm
