// SPDX-License-Identifier: Apache-2.0
#include "report/html/lengths.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace remapstorm {

std::size_t length_class(Nanoseconds length) {
  if (length.count() <= 1) return 0;
  const double index = std::floor(std::log2(static_cast<double>(length.count())) * 8 + 1e-9);
  return std::min(kLengthClasses - 1, static_cast<std::size_t>(index));
}

Nanoseconds class_floor(std::size_t index) {
  return Nanoseconds(static_cast<std::int64_t>(std::ceil(std::exp2(static_cast<double>(index) / 8) - 1e-6)));
}

void LengthHistogram::add(Nanoseconds length) {
  length = std::max(length, Nanoseconds{0});
  shortest_ = count_ == 0 ? length : std::min(shortest_, length);
  longest_ = std::max(longest_, length);
  ++classes_[length_class(length)];
  ++count_;
  series_.add(length);
}

void LengthHeatMap::add(Nanoseconds when, Nanoseconds length) {
  total_.add(length);
  if (origin_ < Nanoseconds{0}) origin_ = std::max(when, Nanoseconds{0});
  // Spans are told when they end: one that began earlier than the first may come later.
  const Nanoseconds since = std::max(when - origin_, Nanoseconds{0});
  while (since / width_ >= static_cast<std::int64_t>(kColumns)) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      Column& into = columns_[i / 2];
      const Column from = columns_[i];
      if (i % 2 == 0) {
        into = from;
        continue;
      }
      for (std::size_t k = 0; k < kLengthClasses; ++k) into[k] += from[k];
    }
    columns_.resize((columns_.size() + 1) / 2);
    width_ *= 2;
  }
  const auto column = static_cast<std::size_t>(since / width_);
  if (columns_.size() <= column) columns_.resize(column + 1, Column{});
  std::uint32_t& cell = columns_[column][length_class(length)];
  if (cell != std::numeric_limits<std::uint32_t>::max()) ++cell;
}

}  // namespace remapstorm
