// SPDX-License-Identifier: Apache-2.0
#include "cli/status_line.h"

#include "report/text.h"

namespace remapstorm {
namespace {
constexpr Nanoseconds kPeriod = std::chrono::seconds(10);
}

void StatusLine::show(const std::string& text) {
  if (way_ == Way::redrawn) {
    out_ << "\r\033[K" << cut(text, columns_ - 1) << std::flush;
    drawn_ = true;
  } else {
    tell(text);
  }
}

void StatusLine::tell(const std::string& text) {
  if (clock_.now() - last_ < kPeriod) return;
  last_ = clock_.now();
  out_ << "remapstorm: " << text << std::endl;
}

void StatusLine::clear() {
  if (drawn_) out_ << "\r\033[K" << std::flush;
  drawn_ = false;
  last_ = clock_.now();
}

}  // namespace remapstorm
