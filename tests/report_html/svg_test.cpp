// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "report/html/activity_svg.h"
#include "report/html/lengths_svg.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

// Relative luminance and contrast as WCAG 2.1 defines them.
double luminance(const std::string& colour) {
  const long value = std::strtol(colour.c_str() + 1, nullptr, 16);
  const auto channel = [&](int shift) {
    const double share = static_cast<double>((value >> shift) & 255) / 255;
    return share <= 0.03928 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0);
}
double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(Palette, TextCanBeReadOnEverySurface) {
  for (const bool dark : {false, true}) {
    const Palette& colours = palette({false, dark});
    for (const char* text : {colours.ink, colours.dim, colours.bad}) {
      for (const char* surface : {colours.paper, colours.band}) EXPECT_GE(contrast(text, surface), 4.5) << text;
    }
    for (const char* bar : colours.spans) {
      EXPECT_GE(contrast(colours.ink_on_bar, bar), 4.5) << bar;
      // Marks of these colours carry words.
      EXPECT_GE(contrast(bar, colours.paper), 4.5) << bar;
      EXPECT_GE(contrast(bar, colours.band), 4.5) << bar;
    }
  }
}

TEST(Svg, RoundStepsAreOneTwoOrFive) {
  EXPECT_EQ(round_step(ms(100), 10), ms(10));
  EXPECT_EQ(round_step(ms(68), 9), ms(10));
  EXPECT_EQ(round_step(Nanoseconds(13), 9), Nanoseconds(2));
  EXPECT_EQ(round_step(Nanoseconds(0), 9), Nanoseconds(1));
}

TEST(Svg, CoordinatesAreNumbersAlways) {
  EXPECT_EQ(coordinate(1.25), "1.2");
  EXPECT_EQ(coordinate(-0.01), "0");
  EXPECT_EQ(coordinate(std::nan("")), "0");
}

TEST(HistogramSvg, OfOneLengthAndOfExtremeOnes) {
  for (const Nanoseconds length : {Nanoseconds(0), Nanoseconds(1), ms(3), Nanoseconds::max()}) {
    LengthHistogram lengths;
    lengths.add(length);
    LengthHeatMap map;
    map.add(ms(1), length);
    for (const Look look : kLooks) {
      EXPECT_NE(histogram_svg({{"window", &lengths, 0}}, ms(100), "t", look).find("window"), std::string::npos);
      const std::string svg = heat_map_svg({{"window", &map, Nanoseconds(0)}}, "t", look);
      EXPECT_NE(svg.find("in one field"), std::string::npos);
      EXPECT_EQ(svg.find("nan"), std::string::npos);
    }
  }
}

TEST(ActivitySvg, CountsDaysAcrossMonthsAndLeapDays) {
  EXPECT_EQ(day_number("1970-01-01"), 0);
  EXPECT_EQ(day_number("2026-11-25"), 20782);
  EXPECT_EQ(day_number("2024-03-01") - day_number("2024-02-28"), 2);
  EXPECT_EQ(day_number("2026-03-01") - day_number("2026-02-28"), 1);
  EXPECT_EQ(day_number("nonsense!!"), -1);
  const std::string svg = activity_svg({{"2026-11-25", 5}, {"2026-11-01", 1}, {"1999-01-01", 9}}, "2026-11-25", "t");
  EXPECT_NE(svg.find("height=\"21\""), std::string::npos);
}

}  // namespace
}  // namespace remapstorm
