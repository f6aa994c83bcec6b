// SPDX-License-Identifier: Apache-2.0
// Drawing SVG for pages whose policy forbids every inline style: colours stand as presentation attributes, and a
// picture comes in light and in dark, wide and narrow, as files of their own among which the page chooses.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "report/html/markup.h"
#include "telemetry/spans.h"

namespace remapstorm {

// How a picture is to look. Text stands on `paper` or `ink_on_bar` on a bar: contrast at least 4.5 in both schemes.
struct Look {
  bool narrow = false;  // 360 wide, for phones; else 1180
  bool dark = false;
  [[nodiscard]] int width() const { return narrow ? 360 : 1180; }
  [[nodiscard]] std::string_view suffix() const {  // of the file's name
    return narrow ? (dark ? "-narrow-dark" : "-narrow-light") : (dark ? "-dark" : "-light");
  }
};
inline constexpr Look kLooks[] = {{false, false}, {false, true}, {true, false}, {true, true}};

struct Palette {
  const char *paper, *ink, *dim, *grid, *band, *ink_on_bar, *bad, *strong;
  const char* spans[kSpanKinds];
  const char* heat[6];  // few to many
};
const Palette& palette(Look look);

class SvgCanvas {
 public:
  SvgCanvas(Look look, int height, const std::string& title);
  void rect(double x, double y, double width, double height, std::string_view fill, double radius = 0);
  enum class Stroke { solid, dashed };
  void line(double x1, double y1, double x2, double y2, std::string_view stroke, Stroke how = Stroke::solid,
            double width = 1);
  void path(std::string_view d, std::string_view fill);
  enum class Anchor { start, middle, end };
  enum class Weight { normal, bold };
  void text(double x, double y, std::string_view content, std::string_view fill, Anchor anchor = Anchor::start,
            Weight weight = Weight::normal, int size = 12);
  [[nodiscard]] const Palette& colours() const { return colours_; }
  [[nodiscard]] Look look() const { return look_; }
  [[nodiscard]] std::string take() { return markup_.take(); }

 private:
  Look look_;
  const Palette& colours_;
  Markup markup_;
};

// "12.3": a coordinate.
std::string coordinate(double value);
// About how wide text of 12 px is, an upper bound for our fonts.
double text_width(std::string_view text, int size = 12);
// A round step, so that `range` has about `wanted` of them: 1, 2 or 5 times a power of ten.
Nanoseconds round_step(Nanoseconds range, int wanted);

}  // namespace remapstorm
