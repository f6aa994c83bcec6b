// SPDX-License-Identifier: Apache-2.0
// Markup: writes HTML and SVG that is well-formed whatever the text is. Most text comes from a guest, or from files
// that anybody may have written: it is escaped and bounded here, and nowhere else.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remapstorm {

inline constexpr std::size_t kMostText = 4096;  // bytes of one piece of text

// Text for element content and for attributes in double quotes. Control characters, invalid UTF-8, what XML forbids and
// what changes the direction of writing become U+FFFD; tabs and newlines become blanks. What is longer than `most`
// bytes ends in an ellipsis, never inside a character.
std::string escaped_markup(std::string_view text, std::size_t most = kMostText);

// A name for files and fragment ids: a-z, 0-9, '-' and '.', at most 80 characters, never empty, no dot first.
std::string slug(std::string_view text);

class Markup {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;

  // Everything of an element up to close(). Names come from our code, values from anywhere.
  Markup& open(std::string_view element, Attributes attributes = {});
  Markup& close();
  // One that has no content: <img>, <rect/>.
  Markup& empty(std::string_view element, Attributes attributes = {});
  Markup& text(std::string_view content, std::size_t most = kMostText);
  // An element with nothing but text in it.
  Markup& leaf(std::string_view element, std::string_view content, Attributes attributes = {},
               std::size_t most = kMostText);
  // Our own text that is markup already (a doctype).
  Markup& raw(std::string_view markup);
  // Closes what is open.
  [[nodiscard]] std::string take();

 private:
  void tag(std::string_view element, Attributes attributes);
  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace remapstorm
