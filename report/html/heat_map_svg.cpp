// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "report/html/lengths_svg.h"
#include "report/text.h"

namespace remapstorm {
namespace {

using Anchor = SvgCanvas::Anchor;
using Weight = SvgCanvas::Weight;

constexpr std::size_t kMerge = 4;  // classes of a row: two rows to the doubling
constexpr double kRow = 9;
constexpr int kPanelHead = 24, kHeatAxis = 26, kGap = 12, kLegend = 24;

struct Panel {
  const HeatMapSeries* series = nullptr;
  std::size_t first_row = 0, rows = 0;
  std::uint64_t most = 1;
  [[nodiscard]] double height() const { return kPanelHead + kRow * static_cast<double>(rows) + kGap; }
};

std::uint64_t cell(const LengthHeatMap& lengths, std::size_t column, std::size_t row) {
  std::uint64_t count = 0;
  for (std::size_t k = 0; k < kMerge; ++k) count += lengths.at(column, row * kMerge + k);
  return count;
}

Panel panel_of(const HeatMapSeries& series) {
  Panel panel{&series, 0, 0, 1};
  const LengthHeatMap& lengths = *series.lengths;
  panel.first_row = length_class(lengths.total().shortest()) / kMerge;
  // A whole doubling at both ends, so that one length alone is a picture, too.
  panel.first_row = panel.first_row < 2 ? 0 : panel.first_row - 2;
  const std::size_t last = std::min(length_class(lengths.total().longest()) / kMerge + 2, kLengthClasses / kMerge - 1);
  panel.rows = last - panel.first_row + 1;
  for (std::size_t column = 0; column < lengths.used_columns(); ++column) {
    for (std::size_t row = 0; row < kLengthClasses / kMerge; ++row) {
      panel.most = std::max(panel.most, cell(lengths, column, row));
    }
  }
  return panel;
}

// 0 to 5 for 1 to `most`, by ratio.
std::size_t shade(std::uint64_t count, std::uint64_t most) {
  if (most <= 1) return 5;
  const double share = std::log2(static_cast<double>(count)) / std::log2(static_cast<double>(most));
  return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * 5));
}

struct Times {
  Nanoseconds begin{0}, end{0};
  double left = 0, right = 0;
  [[nodiscard]] double x_of(Nanoseconds time) const {
    return left + (right - left) * static_cast<double>((time - begin).count()) /
                      static_cast<double>(std::max<std::int64_t>((end - begin).count(), 1));
  }
};

void draw_panel(SvgCanvas& canvas, const Panel& panel, const Times& times, double y) {
  const Palette& colours = canvas.colours();
  const LengthHeatMap& lengths = *panel.series->lengths;
  canvas.text(canvas.look().narrow ? 8 : 14, y + 14, panel.series->name, colours.ink, Anchor::start, Weight::bold);
  const double top = y + kPanelHead, bottom = top + kRow * static_cast<double>(panel.rows);
  canvas.rect(times.left, top, times.right - times.left, bottom - top, colours.band);
  for (int decade = 0; decade < 13; ++decade) {
    const double length = std::pow(10, decade);
    const double row = std::log2(length) * 8 / kMerge - static_cast<double>(panel.first_row);
    if (row < 0 || row > static_cast<double>(panel.rows)) continue;
    const double line_y = bottom - row * kRow;
    canvas.line(times.left, line_y, times.right, line_y, colours.grid);
    std::string label = human_length(Nanoseconds(std::llround(length)));
    if (const auto dot = label.find('.'); dot != std::string::npos) label.erase(dot, label.find(' ') - dot);
    canvas.text(times.left - 6, line_y + 4, label, colours.dim, Anchor::end, Weight::normal, 11);
  }
  const auto x_of = [&](std::size_t column) {
    const Nanoseconds time =
        lengths.origin() + panel.series->shift + lengths.column_width() * static_cast<std::int64_t>(column);
    return std::clamp(times.x_of(time), times.left, times.right);
  };
  // Fields of one shade beside each other are drawn as one.
  for (std::size_t row = 0; row < panel.rows; ++row) {
    for (std::size_t column = 0; column < lengths.used_columns();) {
      const std::uint64_t count = cell(lengths, column, panel.first_row + row);
      std::size_t end = column + 1;
      if (count == 0) {
        column = end;
        continue;
      }
      const std::size_t wanted = shade(count, panel.most);
      for (; end < lengths.used_columns(); ++end) {
        const std::uint64_t next = cell(lengths, end, panel.first_row + row);
        if (next == 0 || shade(next, panel.most) != wanted) break;
      }
      const double x = x_of(column), width = std::max(x_of(end) - x - 0.5, 1.5);
      canvas.rect(x, bottom - kRow * static_cast<double>(row + 1), width, kRow - 0.5, colours.heat[wanted]);
      column = end;
    }
  }
}

void legend(SvgCanvas& canvas, double x, double y, std::uint64_t most) {
  const Palette& colours = canvas.colours();
  canvas.text(x, y + 12, "1", colours.dim);
  for (std::size_t i = 0; i < 6; ++i) canvas.rect(x + 14 + 18 * static_cast<double>(i), y + 3, 17, 10, colours.heat[i]);
  canvas.text(x + 14 + 18 * 6 + 4, y + 12, std::to_string(most) + " in one field", colours.dim);
}

}  // namespace

std::string heat_map_svg(const std::vector<HeatMapSeries>& series, const std::string& title, Look look) {
  std::vector<Panel> panels;
  double height = 4;
  Times times{Nanoseconds::max(), Nanoseconds{0}, look.narrow ? 62.0 : 148.0,
              look.width() - (look.narrow ? 8.0 : 24.0)};
  std::uint64_t most = 1;
  for (const HeatMapSeries& one : series) {
    panels.push_back(panel_of(one));
    most = std::max(most, panels.back().most);
    height += panels.back().height();
    const Nanoseconds begin = one.lengths->origin() + one.shift;
    times.begin = std::min(times.begin, begin);
    times.end = std::max(times.end,
                         begin + one.lengths->column_width() * static_cast<std::int64_t>(one.lengths->used_columns()));
  }
  // One scale of colours for all panels: they are compared.
  for (Panel& panel : panels) panel.most = most;
  SvgCanvas canvas(look, static_cast<int>(height) + kHeatAxis + kLegend, title);
  double y = 4;
  for (const Panel& panel : panels) {
    draw_panel(canvas, panel, times, y);
    y += panel.height();
  }
  y -= kGap;
  const Nanoseconds step = round_step(times.end - times.begin, look.narrow ? 3 : 9);
  for (Nanoseconds at = step * ((times.begin.count() + step.count() - 1) / step.count()); at <= times.end; at += step) {
    const double x = times.x_of(at);
    const std::string label = human_length(at);
    canvas.line(x, y, x, y + 4, canvas.colours().dim);
    const bool last = x + text_width(label) / 2 > look.width();
    canvas.text(last ? look.width() - 2.0 : x, y + 17, label, canvas.colours().dim,
                last ? Anchor::end : Anchor::middle);
  }
  legend(canvas, times.left, y + kHeatAxis, most);
  return canvas.take();
}

}  // namespace remapstorm
