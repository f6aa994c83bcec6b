// SPDX-License-Identifier: Apache-2.0
#include "vmm/symbols.h"

#include <algorithm>
#include <charconv>

#include "base/hex.h"

namespace remapstorm {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// Of several names at one address the shown one: a sized one, then a global one, then the shortest, then by alphabet.
bool preferred(const Symbols::Entry& a, const Symbols::Entry& b) {
  if ((a.size != 0) != (b.size != 0)) return a.size != 0;
  if (a.global != b.global) return a.global;
  if (a.name.size() != b.name.size()) return a.name.size() < b.name.size();
  return a.name < b.name;
}

// Edit distance, given up beyond `limit`.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

Symbols::Symbols(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.start != b.start ? a.start < b.start : preferred(a, b); });
  for (Entry& entry : entries) {
    // Sorted by address, so the first of equal rank is the lowest.
    const auto known = by_name_.find(entry.name);
    if (known == by_name_.end()) {
      by_name_.emplace(entry.name, Named{entry.start, entry.size, entry.global});
    } else if (entry.global && !known->second.global) {
      known->second = Named{entry.start, entry.size, true};
    }
    if (entry.percpu || (!entries_.empty() && entries_.back().start == entry.start)) continue;
    entries_.push_back(std::move(entry));
  }
}

std::optional<SymbolAt> Symbols::lookup(Gva address) const {
  auto after = std::upper_bound(entries_.begin(), entries_.end(), address,
                                [](Gva value, const Entry& entry) { return value < entry.start; });
  if (after == entries_.begin()) return std::nullopt;
  const Entry& entry = *std::prev(after);
  const std::uint64_t offset = address - entry.start;
  // Assembly labels have no size: they reach to the next symbol, but not far.
  constexpr std::uint64_t kUnsizedReach = 4096;
  std::uint64_t size = entry.size;
  if (size == 0) {
    size = kUnsizedReach;
    if (after != entries_.end()) size = std::min<std::uint64_t>(size, after->start - entry.start);
  }
  if (offset >= size) return std::nullopt;
  return SymbolAt{entry.name, entry.start, offset, size};
}

std::optional<SymbolAt> Symbols::find_entry(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  if (found == by_name_.end()) return std::nullopt;
  return SymbolAt{found->first, found->second.start, 0, found->second.size};
}

std::optional<Gva> Symbols::find(std::string_view name) const {
  const auto entry = find_entry(name);
  if (!entry) return std::nullopt;
  return entry->start;
}

std::string Symbols::nearest_to(std::string_view name) const {
  constexpr std::size_t kFar = 4;
  std::size_t best = kFar;
  std::string_view nearest;
  for (const auto& [known, at] : by_name_) {
    const std::size_t far = distance(name, known, kFar);
    if (far < best || (far == best && far < kFar && known < nearest)) {
      best = far;
      nearest = known;
    }
  }
  return std::string(nearest);
}

Result<Gva> Symbols::resolve(std::string_view expression) const {
  const std::string quoted = "\"" + std::string(expression) + "\"";
  if (expression.starts_with("0x")) {
    const auto address = parse_number(expression);
    if (!address) return usage_error(quoted + " is no address");
    return Gva(*address);
  }
  const std::size_t plus = expression.find('+');
  const std::string_view name = expression.substr(0, plus);
  std::uint64_t offset = 0;
  if (plus != std::string_view::npos) {
    const auto parsed = parse_number(expression.substr(plus + 1));
    if (!parsed) return usage_error(quoted + ": what follows + is no number");
    offset = *parsed;
  }
  const auto symbol = find_entry(name);
  if (!symbol) {
    Error error = usage_error("the kernel has no symbol \"" + std::string(name) + "\"");
    const std::string nearest = nearest_to(name);
    if (!nearest.empty()) error.hint = "did you mean \"" + nearest + "\"?";
    return error;
  }
  if (symbol->size != 0 && offset >= symbol->size) {
    return usage_error(quoted + " lies outside " + std::string(name) + ", which has " + hex(symbol->size) + " bytes");
  }
  return symbol->start + offset;
}

std::string Symbols::describe(Gva address) const {
  const auto symbol = lookup(address);
  if (!symbol) return hex(address.value);
  return std::string(symbol->name) + "+" + hex(symbol->offset) + "/" + hex(symbol->size);
}

}  // namespace remapstorm
