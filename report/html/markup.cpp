// SPDX-License-Identifier: Apache-2.0
#include "report/html/markup.h"

#include <cctype>
#include <cstdint>

#include "base/check.h"

namespace remapstorm {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";

// One character of UTF-8 at `at`: its length in bytes and value; length 0: not well-formed there (Unicode 15, D92).
struct Character {
  std::size_t length = 0;
  std::uint32_t value = 0;
};
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return {1, first};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return {};
  std::uint32_t value = first & (0x7fU >> length);
  for (std::size_t i = at + 1; i < at + length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return {};
  return {length, value};
}

bool is_harmful(std::uint32_t value) {
  if (value < 0x20 || (value >= 0x7f && value < 0xa0)) return true;
  if (value >= 0x200b && value <= 0x200f) return true;  // invisible, direction marks
  if (value >= 0x202a && value <= 0x202e) return true;  // direction overrides
  if (value >= 0x2066 && value <= 0x2069) return true;  // direction isolates
  if (value == 0x2028 || value == 0x2029 || value == 0xfeff) return true;
  return (value & 0xfffe) == 0xfffe || (value >= 0xfdd0 && value <= 0xfdef);  // no characters
}

std::string_view entity(char letter) {
  switch (letter) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string escaped_markup(std::string_view text, std::size_t most) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  std::size_t at = 0;
  while (at < text.size()) {
    const Character one = character_at(text, at);
    if (at + (one.length == 0 ? 1 : one.length) > most) return out.append(kEllipsis);
    if (one.length == 1 && !entity(text[at]).empty()) {
      out.append(entity(text[at]));
    } else if (text[at] == '\t' || text[at] == '\n') {
      out.push_back(' ');
    } else if (one.length == 0 || is_harmful(one.value)) {
      out.append(kReplacement);
    } else {
      out.append(text.substr(at, one.length));
    }
    at += one.length == 0 ? 1 : one.length;
  }
  return out;
}

std::string slug(std::string_view text) {
  std::string out;
  for (const char letter : text.substr(0, 80)) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool fits = byte < 0x80 && (std::isalnum(byte) != 0 || (letter == '.' && !out.empty()));
    out.push_back(fits ? static_cast<char>(std::tolower(byte)) : '-');
  }
  return out.empty() ? "-" : out;
}

void Markup::tag(std::string_view element, Attributes attributes) {
  out_.push_back('<');
  out_.append(element);
  for (const auto& [name, value] : attributes) {
    out_.push_back(' ');
    out_.append(name).append("=\"").append(escaped_markup(value)).push_back('"');
  }
}

Markup& Markup::open(std::string_view element, Attributes attributes) {
  tag(element, attributes);
  out_.push_back('>');
  open_.emplace_back(element);
  return *this;
}

Markup& Markup::close() {
  RS_CHECK(!open_.empty(), "an element is closed that was not open");
  out_.append("</").append(open_.back()).append(">\n");
  open_.pop_back();
  return *this;
}

Markup& Markup::empty(std::string_view element, Attributes attributes) {
  tag(element, attributes);
  out_.append("/>\n");
  return *this;
}

Markup& Markup::text(std::string_view content, std::size_t most) {
  out_.append(escaped_markup(content, most));
  return *this;
}

Markup& Markup::leaf(std::string_view element, std::string_view content, Attributes attributes, std::size_t most) {
  tag(element, attributes);
  out_.push_back('>');
  out_.append(escaped_markup(content, most)).append("</").append(element).append(">");
  return *this;
}

Markup& Markup::raw(std::string_view markup) {
  out_.append(markup);
  return *this;
}

std::string Markup::take() {
  while (!open_.empty()) close();
  return std::move(out_);
}

}  // namespace remapstorm
