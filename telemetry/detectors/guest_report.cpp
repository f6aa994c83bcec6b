// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/guest_report.h"

namespace remapstorm {
namespace {

using Role = HeadlineRole;

constexpr std::size_t kKeptOfLine = 512;       // in excerpts and headlines
constexpr std::size_t kLongestLine = 8 << 10;  // more than a message of the kernel's has (PRINTK_MESSAGE_MAX, 2048)
constexpr std::size_t kBootTail = 20;
constexpr std::size_t kLinesOfCause = 4;  // between what names the cause and the headline proper

// The lines with which the kernel closes a report.
bool is_end(std::string_view text) {
  return text.starts_with("---[ end trace") || text.starts_with("---[ end Kernel panic");
}

}  // namespace

void GuestReportDetector::fold(const Event& event) {
  if (const auto* lifecycle = std::get_if<LifecycleEvent>(&event.body)) {
    if (lifecycle->what == LifecycleEvent::What::ready) ready_ = true;
    if (lifecycle->what == LifecycleEvent::What::panic) fold_panic(*lifecycle, event.time);
  } else if (const auto* console = std::get_if<ConsoleEvent>(&event.body)) {
    fold_console(*console, event.time);
  }
}

void GuestReportDetector::fold_panic(const LifecycleEvent& lifecycle, Nanoseconds time) {
  if (panicked_) return;
  panicked_ = true;
  Report report;
  report.verdict = Verdict::oops;
  report.kind = FindingKind::panic;
  report.headline = "the guest's panic notifier rang" + (lifecycle.detail.empty() ? "" : ": " + lifecycle.detail);
  report.time = time;
  report.panic = true;
  // With its text on the console it is one and the same report.
  if (reports_.empty() || !reports_.back().panic) begin(std::move(report));
}

void GuestReportDetector::fold_console(const ConsoleEvent& console, Nanoseconds time) {
  if (console.end == ConsoleEvent::End::cut) {
    if (!cuts_.empty()) return;
    Finding cut;
    cut.verdict = Verdict::error;
    cut.kind = FindingKind::console_cut;
    cut.summary = "the guest wrote more on its console than is kept: nobody read what came behind";
    cut.detail.push_back(console.line);
    cut.fingerprint = finding_kind_name(cut.kind);
    cut.seen_at = time;
    cut.proven_at = time;
    cuts_.push_back(std::move(cut));
    return;
  }
  // Whatever a program writes without ending its line, a message of the kernel's ends its own: it is at the end of what
  // has come. Sequences of a terminal may be parted like anything else, so they go when the whole is there.
  unfinished_ += console.line;
  if (unfinished_.size() > kLongestLine) {
    unfinished_.erase(0, unfinished_.size() - kLongestLine);
    front_lost_ = true;
  }
  if (console.end == ConsoleEvent::End::more) return;
  const std::string line = without_escapes(unfinished_);
  unfinished_.clear();
  bool rest_of_message = front_lost_;
  front_lost_ = false;
  for (const ConsoleText& message : console_messages(line)) {
    if (!rest_of_message || message.from != ConsoleText::From::anybody) read(message, time);
    rest_of_message = false;
  }
}

void GuestReportDetector::read(const ConsoleText& message, Nanoseconds time) {
  const std::string_view text = message.text;
  if (message.from == ConsoleText::From::kernel) marked_ = true;
  const Headline* headline = headline_of(text);
  if (!ready_) {
    boot_tail_.emplace_back(text.substr(0, kKeptOfLine));
    if (boot_tail_.size() > kBootTail) boot_tail_.erase(boot_tail_.begin());
  }
  const bool by_program =
      message.from == ConsoleText::From::program || (message.from == ConsoleText::From::anybody && marked_);
  if (by_program) {
    if (headline != nullptr) note("a program of the guest wrote: " + std::string(text.substr(0, kKeptOfLine)));
    return;
  }
  if (headline != nullptr) begin_with(*headline, text.substr(0, kKeptOfLine), time);
  if (open_) add_line(text);
}

void GuestReportDetector::begin_with(const Headline& headline, std::string_view text, Nanoseconds time) {
  if (headline.role == Role::harmless && !open_) note("the guest warned: " + std::string(text));
  if (headline.role == Role::lockdep_off && !lockdep_off_) {
    lockdep_off_ = true;
    note("lockdep is off from here on, whatever comes it reports nothing: " + std::string(text));
  }
  if (headline.role == Role::harmless || headline.role == Role::lockdep_off || headline.role == Role::belongs) return;
  const bool panic = headline.role == Role::panic;
  panicked_ = panicked_ || panic;
  if (open_ && belongs(headline)) return;
  Report report;
  report.verdict = headline.verdict;
  report.kind = headline.kind;
  report.headline = text;
  report.time = time;
  report.cause = headline.role == Role::cause;
  report.exception = headline.role == Role::exception;
  report.panic = panic;
  begin(std::move(report));
}

// One report comes as several headlines: "BUG: unable to handle ...", "Oops: 0002 [#1]"; "list_del corruption ...",
// "kernel BUG at ..."; a panic often closes it.
bool GuestReportDetector::belongs(const Headline& headline) {
  Report& report = reports_.back();
  const bool fresh = !report.frames.begun();
  switch (headline.role) {
    case Role::panic:
      if (report.verdict != Verdict::oops) return false;
      report.panic = true;
      return true;
    case Role::exception:
      if (!fresh || report.exception) return false;
      if (report.verdict != Verdict::oops && report.kind != FindingKind::bug && !report.cause) return false;
      report.exception = true;
      return true;
    case Role::cause:
      // Some kernels name it behind "WARNING:".
      if (!fresh || report.kind != FindingKind::warning || report.lines.size() > kLinesOfCause) return false;
      report.kind = headline.kind;
      return true;
    case Role::report:
      return fresh && report.cause && report.lines.size() <= kLinesOfCause &&
             (headline.kind == FindingKind::warning || headline.kind == FindingKind::bug);
    default:
      return false;
  }
}

void GuestReportDetector::begin(Report report) {
  close();
  if (!ready_ && !report.panic) {
    note("while booting: " + report.headline);
    // Its lines are wanted if a panic follows.
    return;
  }
  if (!ready_) report.lines = boot_tail_;
  if (reports_.size() >= kMostReports) return;
  reports_.push_back(std::move(report));
  open_ = true;
}

void GuestReportDetector::add_line(std::string_view text) {
  Report& report = reports_.back();
  if (report.lines.size() >= kMostLines) return close();
  report.lines.emplace_back(text.substr(0, kKeptOfLine));
  report.frames.add_line(text);
  if (is_end(text) && !report.panic) close();
}

void GuestReportDetector::close() {
  complete_ = complete_ || open_;
  open_ = false;
}

void GuestReportDetector::note(std::string text) {
  if (notes_.size() < kMaxNotes) notes_.push_back(std::move(text));
}

Finding GuestReportDetector::finding(const Report& report) const {
  Finding finding;
  const bool at_boot = report.panic && !ready_;
  finding.verdict = at_boot ? Verdict::error : report.verdict;
  finding.kind = at_boot ? FindingKind::boot_panic : report.kind;
  finding.summary = at_boot ? "the guest panicked while booting: " + report.headline : report.headline;
  finding.seen_at = report.time;
  finding.proven_at = report.time;
  if (!at_boot) {
    for (const std::string& frame : report.frames.functions())
      finding.fingerprint += (finding.fingerprint.empty() ? "" : ":") + frame;
  }
  if (finding.fingerprint.empty()) finding.fingerprint = finding_kind_name(finding.kind);
  for (const std::string& line : report.lines) finding.console_excerpt += line + "\n";
  return finding;
}

std::vector<Finding> GuestReportDetector::findings() const {
  std::vector<Finding> all = cuts_;
  all.reserve(cuts_.size() + reports_.size());
  for (const Report& report : reports_) all.push_back(finding(report));
  return all;
}

}  // namespace remapstorm
