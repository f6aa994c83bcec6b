// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg.h"

#include <fmt/format.h>

#include <cmath>

#include "report/text.h"

namespace remapstorm {
namespace {

// Spans: window, lock held, lock wait, fault, handler, held by harness, delayed page, break to make.
constexpr Palette kLight{"#ffffff",
                         "#1c2430",
                         "#566070",
                         "#dfe4ea",
                         "#f4f6f9",
                         "#ffffff",
                         "#b3261e",
                         "#0b57d0",
                         {"#1f5fd0", "#0b7569", "#a85800", "#b3261e", "#6d3fc0", "#5b6675", "#7a6210", "#1f5fd0"},
                         {"#a9c9fb", "#7fb0f5", "#558fe8", "#2f6fd6", "#1a51ab", "#0a2f7a"}};
constexpr Palette kDark{"#161b22",
                        "#e6eaf0",
                        "#9aa7b8",
                        "#2b333e",
                        "#1c232c",
                        "#0d1117",
                        "#ff8a80",
                        "#8ab4f8",
                        {"#79aaff", "#4fc9b6", "#f0ad4e", "#ff8a80", "#c0a0ff", "#a3afbf", "#d9bf5e", "#79aaff"},
                        {"#27507f", "#2f68a8", "#3d82d0", "#5b9ff0", "#8fbcff", "#dcebff"}};

}  // namespace

const Palette& palette(Look look) { return look.dark ? kDark : kLight; }

std::string coordinate(double value) {
  std::string out = fmt::format("{:.1f}", std::isfinite(value) ? value : 0.0);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out == "-0" ? "0" : out;
}

double text_width(std::string_view text, int size) { return static_cast<double>(columns(text)) * size * 0.56; }

Nanoseconds round_step(Nanoseconds range, int wanted) {
  const double raw = static_cast<double>(std::max<std::int64_t>(range.count(), 1)) / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double digit = raw / power;
  const double step = digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10;
  return Nanoseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(std::llround(step * power))));
}

SvgCanvas::SvgCanvas(Look look, int height, const std::string& title) : look_(look), colours_(palette(look)) {
  const std::string w = std::to_string(look.width()), h = std::to_string(height);
  markup_.open("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                       {"viewBox", "0 0 " + w + " " + h},
                       {"width", w},
                       {"height", h},
                       {"role", "img"},
                       {"aria-labelledby", "title"},
                       {"font-family", "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"}});
  markup_.leaf("title", title, {{"id", "title"}});
  rect(0, 0, look.width(), height, colours_.paper);
}

void SvgCanvas::rect(double x, double y, double width, double height, std::string_view fill, double radius) {
  if (radius > 0) {
    markup_.empty("rect", {{"x", coordinate(x)},
                           {"y", coordinate(y)},
                           {"width", coordinate(width)},
                           {"height", coordinate(height)},
                           {"rx", coordinate(radius)},
                           {"fill", std::string(fill)}});
    return;
  }
  markup_.empty("rect", {{"x", coordinate(x)},
                         {"y", coordinate(y)},
                         {"width", coordinate(width)},
                         {"height", coordinate(height)},
                         {"fill", std::string(fill)}});
}

void SvgCanvas::line(double x1, double y1, double x2, double y2, std::string_view stroke, Stroke how, double width) {
  markup_.empty("line", {{"x1", coordinate(x1)},
                         {"y1", coordinate(y1)},
                         {"x2", coordinate(x2)},
                         {"y2", coordinate(y2)},
                         {"stroke", std::string(stroke)},
                         {"stroke-width", coordinate(width)},
                         {"stroke-dasharray", how == Stroke::dashed ? "4 3" : "none"}});
}

void SvgCanvas::path(std::string_view d, std::string_view fill) {
  markup_.empty("path", {{"d", std::string(d)}, {"fill", std::string(fill)}});
}

void SvgCanvas::text(double x, double y, std::string_view content, std::string_view fill, Anchor anchor, Weight weight,
                     int size) {
  static constexpr const char* kAnchors[] = {"start", "middle", "end"};
  markup_.leaf("text", content,
               {{"x", coordinate(x)},
                {"y", coordinate(y)},
                {"fill", std::string(fill)},
                {"font-size", std::to_string(size)},
                {"font-weight", weight == Weight::bold ? "600" : "400"},
                {"text-anchor", kAnchors[static_cast<int>(anchor)]}},
               200);
}

}  // namespace remapstorm
