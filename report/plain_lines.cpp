// SPDX-License-Identifier: Apache-2.0
#include "report/plain_lines.h"

#include <sstream>

#include "report/text.h"

namespace remapstorm {

void PlainLines::add(std::string line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  text_ += cut(printable(line), kWidth) + "\n";
}

void PlainLines::add_whole(const std::string& line) { text_ += printable(line) + "\n"; }

void PlainLines::wrapped(const std::string& first, const std::string& words) {
  std::string line = first;
  bool empty = true;
  std::istringstream in(printable(words));
  for (std::string word; in >> word;) {
    // A word that is longer than a line, such as a hash or a command line's, is broken.
    while (!empty && line.size() + 1 + word.size() > kWidth) {
      add(line);
      line = std::string(first.size(), ' ');
      empty = true;
    }
    while (line.size() + word.size() > kWidth) {
      const std::size_t room = kWidth - line.size();
      add(line + word.substr(0, room));
      word.erase(0, room);
      line = std::string(first.size(), ' ');
    }
    line += (empty ? "" : " ") + word;
    empty = false;
  }
  add(line);
}

}  // namespace remapstorm
