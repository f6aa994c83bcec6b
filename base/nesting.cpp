// SPDX-License-Identifier: Apache-2.0
#include "base/nesting.h"

#include <string>

namespace remapstorm {
namespace {

class JsonDepth {
 public:
  // False once it is too deep.
  bool take(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (in_text_) {
      escaped_ = c == '\\';
      in_text_ = c != '"';
    } else if (c == '"') {
      in_text_ = true;
    } else if (c == '[' || c == '{') {
      return ++depth_ <= kDeepestNesting;
    } else if ((c == ']' || c == '}') && depth_ > 0) {
      --depth_;
    }
    return true;
  }

 private:
  std::size_t depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
};

}  // namespace

bool json_nests_too_deeply(std::string_view text) {
  JsonDepth depth;
  for (const char c : text) {
    if (!depth.take(c)) return true;
  }
  return false;
}

bool json_nests_too_deeply(std::istream& in) {
  const std::istream::pos_type start = in.tellg();
  JsonDepth depth;
  char buffer[16 << 10];
  for (;;) {
    in.read(buffer, sizeof(buffer));
    const std::string_view got(buffer, static_cast<std::size_t>(in.gcount()));
    for (const char c : got) {
      if (!depth.take(c)) return true;
    }
    if (got.size() < sizeof(buffer)) break;
  }
  in.clear();
  in.seekg(start);
  return !in.good();
}

bool toml_nests_too_deeply(std::string_view text) {
  std::size_t depth = 0, dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '#') {
      at = text.find('\n', at);
      if (at == std::string_view::npos) break;
      continue;
    }
    if (c == '"' || c == '\'') {
      // Three begin a text of several lines. A backslash keeps the next character only between double quotes.
      const std::string_view quote = text.substr(at, text.substr(at).starts_with(std::string(3, c)) ? 3 : 1);
      at += quote.size();
      while (at < text.size() && !text.substr(at).starts_with(quote)) {
        if (quote.size() == 1 && text[at] == '\n') break;  // never ended: no TOML
        at += c == '"' && text[at] == '\\' ? 2 : 1;
      }
      at = at < text.size() && text[at] == c ? at + quote.size() : at;
      continue;
    }
    ++at;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (c == '.') ++dots;
    if (c == '\n' || c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}') dots = 0;
    if (depth > kDeepestNesting || dots > kDeepestNesting) return true;
  }
  return false;
}

}  // namespace remapstorm
