// SPDX-License-Identifier: Apache-2.0
// Histograms of lengths in bounded memory: classes of equal ratio, eight to the doubling, from 1 ns on. Classes are for
// pictures; figures are those of LengthSeries, which the other reports have, too.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "telemetry/statistics.h"

namespace remapstorm {

// Class k holds lengths from class_floor(k) to below class_floor(k + 1), at most 9 % longer.
inline constexpr std::size_t kLengthClasses = 336;  // up to 2^42 ns, more than an hour; longer ones fall into the last
std::size_t length_class(Nanoseconds length);
Nanoseconds class_floor(std::size_t index);

class LengthHistogram {
 public:
  void add(Nanoseconds length);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t in_class(std::size_t index) const { return classes_[index]; }
  [[nodiscard]] Nanoseconds shortest() const { return shortest_; }
  [[nodiscard]] Nanoseconds longest() const { return longest_; }
  [[nodiscard]] LengthSummary summary() const { return series_.summary(); }

 private:
  std::array<std::uint64_t, kLengthClasses> classes_{};
  std::uint64_t count_ = 0;
  Nanoseconds shortest_{0}, longest_{0};
  LengthSeries series_;
};

// When lengths of what size were seen: columns of equal time, whose width doubles when time runs over the last.
class LengthHeatMap {
 public:
  static constexpr std::size_t kColumns = 128;
  void add(Nanoseconds when, Nanoseconds length);
  [[nodiscard]] const LengthHistogram& total() const { return total_; }
  [[nodiscard]] Nanoseconds column_width() const { return width_; }
  [[nodiscard]] Nanoseconds origin() const { return origin_; }  // where column 0 begins
  [[nodiscard]] std::size_t used_columns() const { return columns_.size(); }
  [[nodiscard]] std::uint32_t at(std::size_t column, std::size_t length_class) const {
    return columns_[column][length_class];
  }

 private:
  using Column = std::array<std::uint32_t, kLengthClasses>;
  LengthHistogram total_;
  std::vector<Column> columns_;
  Nanoseconds width_{10'000};
  Nanoseconds origin_{-1};  // -1: none yet
};

}  // namespace remapstorm
