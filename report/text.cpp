// SPDX-License-Identifier: Apache-2.0
#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace remapstorm {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

std::string_view colour_of(Tone tone) {
  switch (tone) {
    case Tone::strong:
      return "\033[1m";
    case Tone::good:
      return "\033[1;32m";
    case Tone::bad:
      return "\033[1;31m";
    case Tone::warn:
      return "\033[33m";
    case Tone::dim:
      return "\033[2m";
    case Tone::plain:
      break;
  }
  return {};
}

bool names_utf8(const char* value) {
  std::string text(value);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return std::toupper(letter); });
  return text.find("UTF-8") != std::string::npos || text.find("UTF8") != std::string::npos;
}

}  // namespace

TerminalStyle terminal_style(const char* no_color, const char* lc_all, const char* lc_ctype, const char* lang) {
  TerminalStyle style;
  style.colour = no_color == nullptr || *no_color == '\0';
  // The first of these that is set and not empty decides (POSIX, locale environment variables).
  style.utf8 = false;
  for (const char* value : {lc_all, lc_ctype, lang}) {
    if (value == nullptr || *value == '\0') continue;
    style.utf8 = names_utf8(value);
    break;
  }
  return style;
}

std::string human_length(Nanoseconds length) {
  static constexpr struct {
    double scale;
    const char* unit;
  } kUnits[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}};
  const auto value = static_cast<double>(length.count());
  for (const auto& unit : kUnits) {
    if (value < unit.scale * 0.9995) continue;  // what would be shown as "1000 us"
    const double scaled = value / unit.scale;
    const int digits = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", scaled, digits, unit.unit);
  }
  return fmt::format("{:.0f} ns", value);
}

std::string length_words(const LengthSummary& summary) {
  if (summary.count == 0) return "none";
  return human_length(summary.p50) + " median, " + human_length(summary.max) + " longest";
}

std::string percentile_text(const std::optional<Nanoseconds>& percentile) {
  return percentile ? human_length(*percentile) : "-";
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char letter : printable(text)) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += letter;
    }
  }
  return out;
}

std::string ktap_text(std::string_view text) {
  std::string result = printable(text);
  std::replace(result.begin(), result.end(), '#', '.');
  return result;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string cut(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  const std::size_t keep = width > 3 ? width - 3 : 0;
  std::size_t end = 0, seen = 0;
  while (end < text.size() && (seen < keep || is_continuation(text[end]))) {
    if (!is_continuation(text[end])) ++seen;
    ++end;
  }
  return std::string(text.substr(0, end)) + "...";
}

std::string pad(std::string text, std::size_t width) {
  const std::size_t has = columns(text);
  if (has < width) text.append(width - has, ' ');
  return text;
}

std::string ktap_result(TestOutcome outcome, std::size_t number, std::string_view name, std::string_view why) {
  std::string line = std::to_string(number) + " " + ktap_text(name);
  const auto with = [&](const char* directive) { return line + " # " + directive + " " + ktap_text(why) + "\n"; };
  switch (outcome) {
    case TestOutcome::passed:
      return "ok " + line + "\n";
    case TestOutcome::failed:
      return "not ok " + line + "\n";
    case TestOutcome::skipped:
      return "ok " + with("SKIP");
    case TestOutcome::timeout:
      return "not ok " + with("TIMEOUT");
    case TestOutcome::error:
      return "not ok " + with("ERROR");
  }
  return "not ok " + line + "\n";
}

std::string hex_address(Gva address) { return fmt::format("{:#018x}", address.value); }

std::string place_or_address(const std::string& place, Gva address) {
  return place.empty() ? hex_address(address) : printable(place);
}

std::string TextWriter::paint(Tone tone, std::string_view text) const {
  if (!style_.colour || tone == Tone::plain) return printable(text);
  return std::string(colour_of(tone)) + printable(text) + "\033[0m";
}

void TextWriter::line(std::string_view text, Tone tone) {
  out_ << paint(tone, cut(printable(text), style_.width)) << '\n';
}

void TextWriter::wrapped(std::string_view first, std::string_view text, Tone tone) {
  const std::size_t indent = columns(first);
  const std::size_t room = style_.width > indent + 10 ? style_.width - indent : 10;
  std::string rest = printable(text);
  std::string prefix(first);
  do {
    std::size_t end = rest.size();
    if (columns(rest) > room) {
      // The last blank that still fits; a word longer than the line is cut by line().
      std::size_t at = 0, seen = 0, blank = std::string::npos;
      while (at < rest.size() && seen <= room) {
        if (rest[at] == ' ' && at != 0) blank = at;
        if (!is_continuation(rest[at])) ++seen;
        ++at;
      }
      end = blank != std::string::npos ? blank : rest.find(' ', at);
      if (end == std::string::npos) end = rest.size();
    }
    out_ << prefix << paint(tone, cut(rest.substr(0, end), room)) << '\n';
    rest.erase(0, std::min(rest.size(), end + 1));
    prefix.assign(indent, ' ');
  } while (!rest.empty());
}

void TextWriter::rule() {
  std::string text;
  for (unsigned i = 0; i < style_.width; ++i) text += glyph("─", "-");
  raw(paint(Tone::dim, text));
}

}  // namespace remapstorm
