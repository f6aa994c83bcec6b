// SPDX-License-Identifier: Apache-2.0
// Reads what the guest kernel says about itself on its console: oops, BUG, WARNING, lockdep, soft lockup, hung task,
// RCU stall, panic. Several reports may come; each has a fingerprint (the function at RIP, then the call trace, five in
// all, joined by ':') and an excerpt.
//
// Before the agent is ready only a panic counts, and it is Verdict::error: a guest that does not come up is no result
// about remaps. What else is reported before `ready` becomes a note.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/detector.h"

namespace remapstorm {

// The line without printk's "[   12.345678] " and caller ("[ T1]", "[ C0]") in front.
std::string_view without_timestamp(std::string_view line);
// "func+0x1/0x2" of a call-trace line; empty if it is none or an unreliable one ("? func").
std::string_view trace_function(std::string_view line);

class GuestReportDetector final : public Detector {
 public:
  static constexpr std::size_t kMostReports = 16;
  static constexpr std::size_t kMostLines = 256;  // of one report

  [[nodiscard]] std::string_view name() const override { return "guest report"; }
  void fold(const Event& event) override;
  [[nodiscard]] std::vector<Finding> findings() const override;
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }
  // The guest ended itself: a panic, or an oops while none of it can go on.
  [[nodiscard]] bool panicked() const { return panicked_; }

 private:
  struct Report {
    Verdict verdict = Verdict::bug;
    FindingKind kind = FindingKind::bug;
    std::string headline;
    Nanoseconds time{0};
    std::vector<std::string> lines;
    std::vector<std::string> frames;
    bool in_trace = false;
    bool panic = false;
  };
  void begin(Report report);
  void add_line(std::string_view text);
  [[nodiscard]] Finding finding(const Report& report) const;

  bool ready_ = false;
  bool panicked_ = false;
  bool open_ = false;  // lines belong to reports_.back()
  std::vector<Report> reports_;
  std::vector<std::string> notes_;
  std::vector<std::string> boot_tail_;  // last console lines before ready
};

}  // namespace remapstorm
