// SPDX-License-Identifier: Apache-2.0
// Which rounds of a soak stay on disk. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace remapstorm {

struct KeptRound {
  std::uint64_t number = 0;  // later rounds have larger ones
  // What was not as expected, in words by which two rounds compare; empty: nothing.
  std::string outcome;
  std::uint64_t bytes = 0;
};

struct KeepLimits {
  std::size_t last = 5;            // of rounds that went as expected, the newest so many
  std::size_t unexpected = 50;     // of all others
  std::uint64_t bytes = 1U << 30;  // together; the newest round stays whatever its size
};

// The round that has to go next, as an index; nothing if all may stay. `rounds` in the order of their numbers. Of
// rounds that were not as expected it is the oldest with the outcome that most of them have, so that a common one does
// not drive out a rare one.
std::optional<std::size_t> round_to_drop(std::span<const KeptRound> rounds, const KeepLimits& limits);

}  // namespace remapstorm
