// SPDX-License-Identifier: Apache-2.0
// How much a command says while it works: -q, -v.
#pragma once

#include <cstdint>

namespace remapstorm {

enum class Volume : std::uint8_t { quiet, usual, verbose };  // no progress; progress; guests' consoles besides

// Of a command's options, which have `quiet` and perhaps `verbose`, the stronger one.
template <typename Options>
constexpr Volume volume_of(const Options& options) {
  if constexpr (requires { options.verbose; }) {
    if (options.verbose) return Volume::verbose;
  }
  return options.quiet ? Volume::quiet : Volume::usual;
}

}  // namespace remapstorm
