// SPDX-License-Identifier: Apache-2.0
// Spans that have begun and not ended, by what tells them apart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/clock.h"

namespace remapstorm {

constexpr std::size_t kMaxOpen = 65536;  // a hostile guest may open windows without end

template <typename Map, typename Key>
void open_span(Map& spans, const Key& key, Nanoseconds now) {
  if (spans.size() < kMaxOpen) spans[key] = now;
}

// The length of the span that ends now, if one is open. vCPU counters may differ by some ticks.
template <typename Map, typename Key>
std::optional<Nanoseconds> close_span(Map& spans, const Key& key, Nanoseconds now) {
  const auto found = spans.find(key);
  if (found == spans.end()) return std::nullopt;
  const Nanoseconds length = std::max(Nanoseconds{0}, now - found->second);
  spans.erase(found);
  return length;
}

}  // namespace remapstorm
