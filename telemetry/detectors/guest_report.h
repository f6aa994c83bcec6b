// SPDX-License-Identifier: Apache-2.0
// Reads what the guest kernel says about itself on its console: oops, BUG, WARNING, lockdep, soft lockup, hung task,
// RCU stall, panic. Several reports may come; each has a fingerprint (the function at RIP, then the call trace, five in
// all, joined by ':'; without a trace its kind) and an excerpt.
//
// A report begins with one of the messages of guest_headlines.h, in front of which console_text.h knows what a console
// may put. What a program writes begins none: as soon as the kernel is seen to put something in front of its messages,
// a line without it is a program's.
//
// Before the agent is ready only a panic counts, and it is Verdict::error: a guest that does not come up is no result
// about remaps. What else is reported before `ready` becomes a note.
//
// A console that was cut at its limit may have said anything after that: never clean.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/console_text.h"
#include "telemetry/detector.h"
#include "telemetry/detectors/guest_headlines.h"
#include "telemetry/detectors/guest_trace.h"

namespace remapstorm {

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
  // A report has begun since `ready`, and whether one has come to its end: by its closing line, by the beginning of the
  // next, or because it is longer than what is kept.
  [[nodiscard]] bool reported() const { return !reports_.empty(); }
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  struct Report {
    Verdict verdict = Verdict::bug;
    FindingKind kind = FindingKind::bug;
    std::string headline;
    Nanoseconds time{0};
    std::vector<std::string> lines;
    ReportFrames frames;
    bool cause = false;      // begun by what names the cause: the headline proper comes behind it
    bool exception = false;  // the exception handler has had its say
    bool panic = false;
  };
  void fold_panic(const LifecycleEvent& lifecycle, Nanoseconds time);
  void fold_console(const ConsoleEvent& console, Nanoseconds time);
  void read(const ConsoleText& message, Nanoseconds time);
  void begin_with(const Headline& headline, std::string_view text, Nanoseconds time);
  bool belongs(const Headline& headline);
  void begin(Report report);
  void add_line(std::string_view text);
  void close();
  void note(std::string text);
  [[nodiscard]] Finding finding(const Report& report) const;

  bool ready_ = false;
  bool panicked_ = false;
  bool open_ = false;  // lines belong to reports_.back()
  bool complete_ = false;
  bool marked_ = false;       // the kernel puts something in front of its messages
  bool lockdep_off_ = false;  // noted already
  bool front_lost_ = false;   // of unfinished_
  std::string unfinished_;    // of a line that comes in pieces
  std::vector<Report> reports_;
  std::vector<Finding> cuts_;  // of the console; one at most
  std::vector<std::string> notes_;
  std::vector<std::string> boot_tail_;  // last console lines before ready
};

}  // namespace remapstorm
