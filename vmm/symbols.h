// SPDX-License-Identifier: Apache-2.0
// Symbols: names of guest-virtual addresses. Where they come from: vmm/kernel.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace remapstorm {

struct SymbolAt {
  std::string_view name;  // lives as long as the Symbols
  Gva start;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // of the symbol
};

class Symbols {
 public:
  // A per-CPU variable has a name, but what its table says is no address of it: lookup() does not find it.
  struct Entry {
    std::string name;
    Gva start;
    std::uint64_t size = 0;
    bool global = false;
    bool percpu = false;  // found by name only
  };
  explicit Symbols(std::vector<Entry> entries);
  Symbols() = default;

  // The symbol this address lies in; nothing between or behind symbols.
  [[nodiscard]] std::optional<SymbolAt> lookup(Gva address) const;
  // Where a name starts; a global one wins over local ones of the same name, then the lowest address.
  [[nodiscard]] std::optional<Gva> find(std::string_view name) const;
  [[nodiscard]] std::optional<SymbolAt> find_entry(std::string_view name) const;
  // "name", "name+0x1c", "name+28" or "0xffffffff81000000". Errors: usage, naming what was wrong and, for an unknown
  // name, the nearest known ones.
  [[nodiscard]] Result<Gva> resolve(std::string_view expression) const;
  // The known name that is most like `name`, or empty if none is.
  [[nodiscard]] std::string nearest_to(std::string_view name) const;
  // "name+0x1c/0x80", or the bare address in hex.
  [[nodiscard]] std::string describe(Gva address) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  // By address, one of each.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  struct Named {
    Gva start;
    std::uint64_t size = 0;
    bool global = false;
  };
  std::vector<Entry> entries_;  // sorted by start, one per address
  std::unordered_map<std::string, Named> by_name_;
};

}  // namespace remapstorm
