// SPDX-License-Identifier: Apache-2.0
#include "campaign/kept_rounds.h"

#include <map>

namespace remapstorm {
namespace {

// The oldest of the commonest outcome, or nothing.
std::optional<std::size_t> commonest(std::span<const KeptRound> rounds) {
  std::map<std::string, std::size_t> counts;
  for (const KeptRound& round : rounds) {
    if (!round.outcome.empty()) ++counts[round.outcome];
  }
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    if (rounds[i].outcome.empty()) continue;
    if (!found || counts[rounds[i].outcome] > counts[rounds[*found].outcome]) found = i;
  }
  return found;
}

}  // namespace

std::optional<std::size_t> round_to_drop(std::span<const KeptRound> rounds, const KeepLimits& limits) {
  std::size_t expected = 0, unexpected = 0;
  std::uint64_t bytes = 0;
  std::optional<std::size_t> oldest_expected;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    bytes += rounds[i].bytes;
    if (!rounds[i].outcome.empty()) {
      ++unexpected;
      continue;
    }
    ++expected;
    if (!oldest_expected) oldest_expected = i;
  }
  if (expected > limits.last) return oldest_expected;
  if (unexpected > limits.unexpected) return commonest(rounds);
  if (bytes <= limits.bytes || rounds.size() < 2) return std::nullopt;
  const auto older = rounds.first(rounds.size() - 1);
  return oldest_expected && *oldest_expected < older.size() ? oldest_expected : commonest(older);
}

}  // namespace remapstorm
