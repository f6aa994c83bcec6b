// SPDX-License-Identifier: Apache-2.0
// Plain-text building blocks of the reports: lengths for people, colour, wrapping.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/printable.h"
#include "report/report.h"
#include "results/exit_code.h"
#include "telemetry/statistics.h"

namespace remapstorm {

// "950 ns", "12.3 us", "181 ms", "2.41 s": three digits that matter.
std::string human_length(Nanoseconds length);
// "340 us median, 1.20 ms longest": how every report tells lengths; "none" if there is none.
std::string length_words(const LengthSummary& summary);
// "-" where there are too few lengths for one.
std::string percentile_text(const std::optional<Nanoseconds>& percentile);
// Of an attribute or an element; XML 1.0 has no control characters at all.
std::string xml_text(std::string_view text);
// One line without '#', as KTAP wants it.
std::string ktap_text(std::string_view text);
// "not ok 3 NAME # TIMEOUT WHY": a result line of KTAP. `why` is left out where there is nothing to explain.
std::string ktap_result(TestOutcome outcome, std::size_t number, std::string_view name, std::string_view why);
// Columns it takes on a terminal: counts UTF-8 code points.
std::size_t columns(std::string_view text);
// At most `width` columns; what is longer ends in "...".
std::string cut(std::string_view text, std::size_t width);
std::string pad(std::string text, std::size_t width);
std::string hex_address(Gva address);
// "0xffffffff81234567" or "name+0x1c".
std::string place_or_address(const std::string& place, Gva address);

enum class Tone { plain, strong, good, bad, warn, dim };

class TextWriter {
 public:
  TextWriter(std::ostream& out, TerminalStyle style) : out_(out), style_(style) {}

  // `text` is plain and may be foreign: what a terminal would obey is gone.
  [[nodiscard]] std::string paint(Tone tone, std::string_view text) const;
  // One line, cut to the width. `text` is plain; `tone` colours all of it.
  void line(std::string_view text = {}, Tone tone = Tone::plain);
  // A line made of painted parts, which the caller has kept short enough.
  void raw(std::string_view text) { out_ << text << '\n'; }
  // As many lines as it takes; the first begins with `first`, the others with as many blanks.
  void wrapped(std::string_view first, std::string_view text, Tone tone = Tone::plain);
  void rule();
  [[nodiscard]] std::string_view glyph(std::string_view utf8, std::string_view ascii) const {
    return style_.utf8 ? utf8 : ascii;
  }
  [[nodiscard]] const TerminalStyle& style() const { return style_; }

 private:
  std::ostream& out_;
  TerminalStyle style_;
};

}  // namespace remapstorm
