// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "report/html/lengths_svg.h"
#include "report/text.h"

namespace remapstorm {
namespace {

using Anchor = SvgCanvas::Anchor;
using Weight = SvgCanvas::Weight;
using Stroke = SvgCanvas::Stroke;

constexpr int kBars = 64, kBarsAxis = 30, kBarsTop = 6;

// Decades that hold everything: powers of ten in ns.
struct Scale {
  double first = 3, last = 4;  // log10 of ns
  double left = 0, right = 1;
  [[nodiscard]] double x_of(double nanoseconds) const {
    const double share = (std::log10(std::max(nanoseconds, 1.0)) - first) / (last - first);
    return left + std::clamp(share, 0.0, 1.0) * (right - left);
  }
};

Scale scale_of(const std::vector<HistogramSeries>& series, double left, double right) {
  // What is shorter than a VM can tell stands at the left edge.
  double shortest = 1e18, longest = 1000;
  for (const HistogramSeries& one : series) {
    shortest = std::min(shortest, static_cast<double>(std::max<std::int64_t>(one.lengths->shortest().count(), 100)));
    longest = std::max(longest, static_cast<double>(one.lengths->longest().count()));
  }
  Scale scale{std::floor(std::log10(shortest)), std::ceil(std::log10(longest * 1.02)), left, right};
  if (scale.last <= scale.first) scale.last = scale.first + 1;
  return scale;
}

std::string figures(const LengthHistogram& lengths, bool narrow) {
  const LengthSummary summary = lengths.summary();
  std::string text = std::to_string(summary.count) + (narrow ? "; " : " seen; ");
  if (!narrow) text += "shortest " + human_length(summary.min) + ", ";
  text += "median " + human_length(summary.p50);
  if (!narrow && summary.p99) text += ", 99th percentile " + human_length(*summary.p99);
  return text + (narrow ? ", max " : ", longest ") + human_length(summary.max);
}

void panel(SvgCanvas& canvas, const HistogramSeries& series, const Scale& scale, double y, double text_height) {
  const Palette& colours = canvas.colours();
  const LengthHistogram& lengths = *series.lengths;
  const bool narrow = canvas.look().narrow;
  const double name_x = narrow ? 8 : 14;
  canvas.text(name_x, y + 14, series.name, colours.ink, Anchor::start, Weight::bold);
  const double beside = narrow ? name_x : scale.left;
  canvas.text(beside, narrow ? y + 29 : y + 14, figures(lengths, narrow), colours.dim, Anchor::start, Weight::normal,
              narrow ? 11 : 12);
  const double top = y + text_height, bottom = top + kBars;
  std::uint64_t most = 1;
  for (std::size_t i = 0; i < kLengthClasses; ++i) most = std::max(most, lengths.in_class(i));
  const double decades = std::max(1.0, std::ceil(std::log10(static_cast<double>(most) * 1.01)));
  const auto height_of = [&](double count) { return kBars * (std::log10(count) * 0.86 / decades + 0.14); };
  for (double decade = 0; decade <= decades; ++decade) {
    const double line_y = bottom - height_of(std::pow(10, decade));
    canvas.line(scale.left, line_y, scale.right, line_y, colours.grid);
    if (narrow) continue;
    const std::string count =
        decade < 6 ? std::to_string(std::llround(std::pow(10, decade))) : "10^" + std::to_string(std::llround(decade));
    if (decades <= 3 || std::llround(decade) % 2 == 0) {
      canvas.text(scale.left - 8, line_y + 4, count, colours.dim, Anchor::end, Weight::normal, 10);
    }
  }
  for (std::size_t i = 0; i < kLengthClasses; ++i) {
    const std::uint64_t count = lengths.in_class(i);
    if (count == 0) continue;
    const double x1 = scale.x_of(static_cast<double>(class_floor(i).count()));
    const double x2 = scale.x_of(static_cast<double>(class_floor(i + 1).count()));
    const double height = height_of(static_cast<double>(count));
    canvas.rect(x1, bottom - height, std::max(x2 - x1 - 1, 1.5), height, colours.spans[series.colour]);
  }
  canvas.line(scale.left, bottom, scale.right, bottom, colours.dim);
  const double longest = scale.x_of(static_cast<double>(lengths.longest().count()));
  canvas.path("M" + coordinate(longest) + " " + coordinate(bottom + 1) + " l-4 6 h8 z", colours.ink);
}

}  // namespace

std::string histogram_svg(const std::vector<HistogramSeries>& series, std::optional<Nanoseconds> limit,
                          const std::string& title, Look look) {
  const Scale scale = scale_of(series, look.narrow ? 8 : 148, look.width() - (look.narrow ? 8.0 : 24.0));
  const double text_height = look.narrow ? 36 : 22;
  const double each = text_height + kBars + 14;
  const int height = kBarsTop + static_cast<int>(each * static_cast<double>(series.size())) + kBarsAxis;
  SvgCanvas canvas(look, height, title);
  const double bottom = height - kBarsAxis;
  const Palette& colours = canvas.colours();
  const int step = look.narrow && scale.last - scale.first > 5 ? 2 : 1;
  for (int decade = static_cast<int>(scale.first); decade <= static_cast<int>(scale.last); ++decade) {
    const double x = scale.x_of(std::pow(10, decade));
    canvas.line(x, kBarsTop, x, bottom, colours.grid);
    if ((decade - static_cast<int>(scale.first)) % step != 0) continue;
    const std::string label = human_length(Nanoseconds(std::llround(std::pow(10, decade))));
    const std::string_view number = std::string_view(label).substr(0, label.find('.'));
    const std::string text =
        label.find('.') == std::string::npos ? label : std::string(number) + label.substr(label.find(' '));
    const Anchor anchor = decade == static_cast<int>(scale.first)  ? Anchor::start
                          : decade == static_cast<int>(scale.last) ? Anchor::end
                                                                   : Anchor::middle;
    canvas.text(x, bottom + 18, text, colours.dim, anchor);
  }
  double y = kBarsTop;
  for (const HistogramSeries& one : series) {
    panel(canvas, one, scale, y, text_height);
    y += each;
  }
  if (limit && std::log10(static_cast<double>(limit->count())) < scale.last) {
    const double x = scale.x_of(static_cast<double>(limit->count()));
    canvas.line(x, kBarsTop + text_height, x, bottom, colours.bad, Stroke::dashed, 1.5);
    const bool turned = x + 90 > scale.right;
    canvas.text(turned ? x - 5 : x + 5, kBarsTop + text_height + 9, "stall limit", colours.bad,
                turned ? Anchor::end : Anchor::start, Weight::normal, 11);
  }
  return canvas.take();
}

}  // namespace remapstorm
