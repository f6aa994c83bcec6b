// SPDX-License-Identifier: Apache-2.0
#include "report/html/trials_svg.h"

#include <algorithm>
#include <cmath>

#include "report/text.h"

namespace remapstorm {
namespace {

using Anchor = SvgCanvas::Anchor;
using Stroke = SvgCanvas::Stroke;

constexpr int kPlotTop = 26, kPlot = 170, kPlotAxis = 28;

struct Bar {
  Nanoseconds low{0}, high{0};
  std::string scenario;
  bool ok = true;
};

// In the order they ran; at most `most`, neighbours of one scenario together.
std::vector<Bar> bars_of(const RunRecord& run, std::size_t most) {
  std::vector<Bar> all;
  for (const RecordedTrial& trial : run.trials) {
    if (trial.windows.count != 0) all.push_back({trial.windows.p50, trial.windows.max, trial.scenario, trial.ok});
  }
  const std::size_t each = (all.size() + most - 1) / std::max<std::size_t>(most, 1);
  if (each <= 1) return all;
  std::vector<Bar> bars;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % each == 0 || bars.back().scenario != all[i].scenario) {
      bars.push_back(all[i]);
      continue;
    }
    bars.back().low = std::min(bars.back().low, all[i].low);
    bars.back().high = std::max(bars.back().high, all[i].high);
    bars.back().ok = bars.back().ok && all[i].ok;
  }
  return bars;
}

}  // namespace

bool has_trial_lengths(const RunRecord& run) {
  return std::count_if(run.trials.begin(), run.trials.end(), [](const auto& one) { return one.windows.count != 0; }) >=
         2;
}

std::string trials_svg(const RunRecord& run, const std::string& title, Look look) {
  const double left = look.narrow ? 56 : 86, right = look.width() - 12.0;
  const auto room = static_cast<std::size_t>((right - left) / 3);
  const std::vector<Bar> bars = bars_of(run, room);
  SvgCanvas canvas(look, kPlotTop + kPlot + kPlotAxis, title);
  const Palette& colours = canvas.colours();
  double low = 1e18, high = 1;
  for (const Bar& bar : bars) {
    low = std::min(low, std::log10(static_cast<double>(std::max<std::int64_t>(bar.low.count(), 1))));
    high = std::max(high, std::log10(static_cast<double>(std::max<std::int64_t>(bar.high.count(), 1))));
  }
  const double first = std::floor(low), last = std::max(std::ceil(high), first + 1);
  const auto y_of = [&](Nanoseconds length) {
    const double decade = std::log10(static_cast<double>(std::max<std::int64_t>(length.count(), 1)));
    return kPlotTop + kPlot * (1 - (decade - first) / (last - first));
  };
  for (double decade = first; decade <= last; ++decade) {
    const Nanoseconds length(std::llround(std::pow(10, decade)));
    std::string label = human_length(length);
    if (const auto dot = label.find('.'); dot != std::string::npos) label.erase(dot, label.find(' ') - dot);
    canvas.line(left, y_of(length), right, y_of(length), colours.grid);
    canvas.text(left - 8, y_of(length) + 4, label, colours.dim, Anchor::end);
  }
  // Scenarios stand beside each other, their names above.
  const double each = (right - left) / static_cast<double>(std::max<std::size_t>(bars.size(), 1));
  double named_until = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const double x = left + each * static_cast<double>(i);
    if (i == 0 || bars[i].scenario != bars[i - 1].scenario) {
      canvas.line(x, kPlotTop - 14, x, kPlotTop + kPlot, colours.dim, Stroke::dashed);
      const std::string name = cut(bars[i].scenario, look.narrow ? 14 : 28);
      if (x >= named_until && x + text_width(name) < right) {
        canvas.text(x + 4, kPlotTop - 6, name, colours.ink);
        named_until = x + 4 + text_width(name) + 8;
      }
    }
    const double top = y_of(bars[i].high), bottom = y_of(bars[i].low);
    const double width = std::clamp(each * 0.6, 1.5, 26.0);
    canvas.rect(x + (each - width) / 2, top, width, std::max(bottom - top, 2.0),
                bars[i].ok ? colours.spans[static_cast<std::size_t>(SpanKind::window)] : colours.bad, 1);
  }
  canvas.line(left, kPlotTop + kPlot, right, kPlotTop + kPlot, colours.dim);
  canvas.text(left, kPlotTop + kPlot + 18, "trials, in the order they ran", colours.dim);
  return canvas.take();
}

}  // namespace remapstorm
