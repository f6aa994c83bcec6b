// SPDX-License-Identifier: Apache-2.0
// Symbols of a list such as nm prints: addresses without sizes, a letter for the kind (nm(1)).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "vmm/symbols.h"

namespace remapstorm {

struct ListedSymbol {
  Gva address;
  char type = 0;  // upper case: global; A: absolute; U: undefined
  std::string name;
};

inline constexpr std::size_t kMaxSymbols = 4u << 20;

// Compiler-made local labels and section markers that no person means.
bool is_noise(std::string_view name);

// A symbol reaches to the next one, if that is near. Those from __per_cpu_start to __per_cpu_end name no address.
Symbols symbols_of_list(std::vector<ListedSymbol> list);

// A System.map: lines of "ADDRESS TYPE NAME". Errors: usage, naming the file and the line; for the one that Debian
// installs in its place, where the real one is.
Result<Symbols> symbols_of_map(const std::string& path, std::span<const std::byte> file);

}  // namespace remapstorm
