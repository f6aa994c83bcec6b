// SPDX-License-Identifier: Apache-2.0
// StatusLine: what is going on right now. On a terminal one line that is redrawn; elsewhere a line at least every ten
// seconds while something takes that long. Not thread-safe.
#pragma once

#include <ostream>
#include <string>

#include "base/clock.h"

namespace remapstorm {

class StatusLine {
 public:
  StatusLine(std::ostream& out, bool terminal, const Clock& clock) : out_(out), terminal_(terminal), clock_(clock) {
    last_ = clock.now();
  }
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(const std::string& text);
  // Before anything else is printed to the same terminal.
  void clear();

 private:
  std::ostream& out_;
  bool terminal_;
  const Clock& clock_;
  Nanoseconds last_{0};
  bool drawn_ = false;
};

}  // namespace remapstorm
