// SPDX-License-Identifier: Apache-2.0
// StatusLine: what is going on right now. On a terminal one line that is redrawn; elsewhere a line at least every ten
// seconds while something takes that long. Part of the Log (cli/log.h), whose lock it is used under.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "base/clock.h"

namespace remapstorm {

class StatusLine {
 public:
  enum class Way : std::uint8_t { redrawn, in_lines };  // on a terminal that understands escapes; elsewhere
  // `columns`: of the terminal; 0: not known. What is longer is cut: a line that wraps cannot be redrawn.
  StatusLine(std::ostream& out, Way way, const Clock& clock, unsigned columns = 0)
      : out_(out), way_(way), clock_(clock), columns_(columns == 0 ? 80 : columns) {
    last_ = clock.now();
  }
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(const std::string& text);
  // As where there is no terminal.
  void tell(const std::string& text);
  // Before anything else is printed to the same terminal.
  void clear();

 private:
  std::ostream& out_;
  Way way_;
  const Clock& clock_;
  unsigned columns_;
  Nanoseconds last_{0};
  bool drawn_ = false;
};

}  // namespace remapstorm
