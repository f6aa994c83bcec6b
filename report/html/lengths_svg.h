// SPDX-License-Identifier: Apache-2.0
// Pictures of lengths: histograms in cyclictest's manner (logarithmic counts, the longest marked), and heat maps of
// when lengths of what size were seen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/html/lengths.h"
#include "report/html/svg.h"

namespace remapstorm {

struct HistogramSeries {
  std::string name;  // "window"
  const LengthHistogram* lengths = nullptr;
  std::size_t colour = 0;  // index into Palette::spans
};
// One panel for each series, one logarithmic axis of length below. `limit`: drawn across, if it is in view.
std::string histogram_svg(const std::vector<HistogramSeries>& series, std::optional<Nanoseconds> limit,
                          const std::string& title, Look look);

struct HeatMapSeries {
  std::string name;
  const LengthHeatMap* lengths = nullptr;
  Nanoseconds shift{0};  // from its time to that of the trial
};
std::string heat_map_svg(const std::vector<HeatMapSeries>& series, const std::string& title, Look look);

}  // namespace remapstorm
