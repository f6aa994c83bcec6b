// SPDX-License-Identifier: Apache-2.0
// Frames in a report of the guest's, for its fingerprint.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace remapstorm {

// "func+0x1/0x2" of a call-trace line; empty if it is none or an unreliable one ("? func").
std::string_view trace_function(std::string_view line);

// Gathers them from the lines of one report: the function at RIP or pc, then those of its call trace, without the ones
// that only make the report; five in all.
class ReportFrames {
 public:
  void add_line(std::string_view message);
  [[nodiscard]] const std::vector<std::string>& functions() const { return functions_; }
  [[nodiscard]] bool begun() const { return in_trace_ || !functions_.empty(); }

 private:
  std::vector<std::string> functions_;
  bool in_trace_ = false;
};

}  // namespace remapstorm
