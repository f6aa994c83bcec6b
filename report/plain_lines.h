// SPDX-License-Identifier: Apache-2.0
// Plain ASCII lines of at most 72 columns, for what is pasted into a mail.
#pragma once

#include <string>

namespace remapstorm {

class PlainLines {
 public:
  static constexpr std::size_t kWidth = 72;

  // One line; what is too long is cut.
  void add(std::string line = {});
  // One line of whatever length, because it is to be pasted.
  void add_whole(const std::string& line);
  // As many lines as it takes: `first` on the first one, as many blanks on the others. A word longer than a line, such
  // as a command line's, is broken.
  void wrapped(const std::string& first, const std::string& words);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace remapstorm
