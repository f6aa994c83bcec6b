// SPDX-License-Identifier: Apache-2.0
// Strong address types. A guest-physical address is never mistaken for a guest-virtual one or a host pointer.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace remapstorm {

template <typename Tag>
struct Address {
  std::uint64_t value = 0;

  constexpr Address() = default;
  constexpr explicit Address(std::uint64_t address) : value(address) {}
  constexpr auto operator<=>(const Address&) const = default;

  // Wraps at 2^64 like the hardware does; range checks use end_of().
  constexpr Address operator+(std::uint64_t offset) const { return Address(value + offset); }
  constexpr Address operator-(std::uint64_t offset) const { return Address(value - offset); }
  constexpr std::uint64_t operator-(Address other) const { return value - other.value; }
};

using Gpa = Address<struct GpaTag>;  // guest-physical
using Gva = Address<struct GvaTag>;  // guest-virtual

// One past the last byte of [start, start + size), or nothing if it would pass 2^64.
constexpr std::optional<std::uint64_t> end_of(std::uint64_t start, std::uint64_t size) {
  const std::uint64_t end = start + size;
  if (end < start) return std::nullopt;
  return end;
}

}  // namespace remapstorm
