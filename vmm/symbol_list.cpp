// SPDX-License-Identifier: Apache-2.0
#include "vmm/symbol_list.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include "base/printable.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMaxNameBytes = 512;
// What lies further behind a symbol is not called by its name: sections begin there.
constexpr std::uint64_t kFarthest = 1 << 20;

std::optional<Gva> address_of(const std::vector<ListedSymbol>& list, std::string_view name) {
  for (const ListedSymbol& symbol : list) {
    if (symbol.name == name) return symbol.address;
  }
  return std::nullopt;
}

struct Line {
  std::string_view address, type, name;
};

Line split(std::string_view text) {
  const auto word = [&text] {
    const std::string_view found = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), found.size() + 1));
    return found;
  };
  Line line;
  line.address = word();
  line.type = word();
  line.name = text;
  return line;
}

}  // namespace

bool is_noise(std::string_view name) {
  return name.empty() || name.size() > kMaxNameBytes || name.starts_with(".L") || name.starts_with("__pfx_") ||
         name.starts_with("__cfi_") || name.starts_with("$");
}

Symbols symbols_of_list(std::vector<ListedSymbol> list) {
  const Gva percpu = address_of(list, "__per_cpu_start").value_or(Gva(0));
  const Gva percpu_end = address_of(list, "__per_cpu_end").value_or(Gva(0));
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.address < b.address; });
  std::vector<Symbols::Entry> entries;
  entries.reserve(list.size());
  std::uint64_t size = 0;
  for (std::size_t i = list.size(); i-- > 0;) {
    ListedSymbol& symbol = list[i];
    if (i + 1 < list.size() && list[i + 1].address != symbol.address) {
      size = list[i + 1].address - symbol.address;
      if (size > kFarthest) size = 0;
    }
    const bool is_percpu = symbol.address >= percpu && symbol.address < percpu_end;
    const int kind = std::toupper(static_cast<unsigned char>(symbol.type));
    if (is_noise(symbol.name) || kind == 'U' || (kind == 'A' && !is_percpu)) continue;
    const bool global = std::isupper(static_cast<unsigned char>(symbol.type)) != 0;
    entries.push_back({std::move(symbol.name), symbol.address, size, global, is_percpu});
  }
  return Symbols(std::move(entries));
}

Result<Symbols> symbols_of_map(const std::string& path, std::span<const std::byte> file) {
  std::string_view rest(reinterpret_cast<const char*>(file.data()), file.size());
  std::vector<ListedSymbol> list;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    const Line line = split(text);
    ListedSymbol symbol;
    const char* const end = line.address.data() + line.address.size();
    const auto [stop, error] = std::from_chars(line.address.data(), end, symbol.address.value, 16);
    if (error != std::errc() || stop != end || line.type.size() != 1 || line.name.empty()) {
      return usage_error(path + ":" + std::to_string(number) + ": neither ELF nor a line of a System.map",
                         "lines like \"ffffffff81000000 T _text\", or a vmlinux with a symbol table");
    }
    if (line.name.find(' ') != std::string_view::npos) {
      return usage_error(path + " has no symbols; it says: " + printable(line.name.substr(0, 200)),
                         "install that package: /usr/lib/debug/boot has the real one, and a vmlinux");
    }
    if (line.name.find('\t') != std::string_view::npos) continue;  // of a module, in a copy of /proc/kallsyms
    if (list.size() == kMaxSymbols) return usage_error(path + ": more than 4 million symbols");
    symbol.type = line.type.front();
    symbol.name = line.name;
    list.push_back(std::move(symbol));
  }
  Symbols symbols = symbols_of_list(std::move(list));
  if (symbols.size() == 0) return usage_error(path + ": no symbol in it");
  return symbols;
}

}  // namespace remapstorm
