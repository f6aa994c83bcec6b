// SPDX-License-Identifier: Apache-2.0
// I/O APIC redirection entries (82093AA data sheet, 3.2.4).
#pragma once

#include <cstdint>

namespace remapstorm::x86_64 {

inline constexpr unsigned kIoApicPins = 24;

enum class Delivery : std::uint8_t { fixed = 0, lowest_priority = 1, smi = 2, nmi = 4, init = 5, external = 7 };

struct Redirection {
  std::uint8_t vector = 0;
  Delivery delivery = Delivery::fixed;
  bool logical = false;  // destination is a logical, not an APIC id
  bool active_low = false;
  bool level = false;
  bool masked = true;
  std::uint8_t destination = 0;
  bool operator==(const Redirection&) const = default;
};

constexpr std::uint64_t encode(const Redirection& r) {
  return std::uint64_t{r.vector} | static_cast<std::uint64_t>(r.delivery) << 8 | std::uint64_t{r.logical} << 11 |
         std::uint64_t{r.active_low} << 13 | std::uint64_t{r.level} << 15 | std::uint64_t{r.masked} << 16 |
         std::uint64_t{r.destination} << 56;
}

constexpr Redirection decode_redirection(std::uint64_t value) {
  Redirection r;
  r.vector = static_cast<std::uint8_t>(value);
  r.delivery = static_cast<Delivery>(value >> 8 & 7);
  r.logical = (value >> 11 & 1) != 0;
  r.active_low = (value >> 13 & 1) != 0;
  r.level = (value >> 15 & 1) != 0;
  r.masked = (value >> 16 & 1) != 0;
  r.destination = static_cast<std::uint8_t>(value >> 56);
  return r;
}

}  // namespace remapstorm::x86_64
