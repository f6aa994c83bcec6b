// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/guest_report.h"

#include <algorithm>

namespace remapstorm {
namespace {

constexpr std::size_t kMaxConsoleLine = 512;
constexpr std::size_t kMaxFrames = 5;
constexpr std::size_t kBootTail = 20;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct Headline {
  std::string_view part;
  Verdict verdict;
  FindingKind kind;
};
// The first that matches decides, so the special come before the general. Texts of Linux 6.12:
// kernel/locking/lockdep.c, kernel/watchdog.c, kernel/hung_task.c, kernel/rcu/tree_stall.h, lib/bug.c,
// arch/x86/mm/fault.c, arch/x86/kernel/traps.c.
constexpr Headline kHeadlines[] = {
    {"possible circular locking dependency detected", Verdict::lockdep, FindingKind::circular_locking},
    {"possible recursive locking detected", Verdict::lockdep, FindingKind::recursive_locking},
    {"inconsistent lock state", Verdict::lockdep, FindingKind::inconsistent_lock_state},
    {"possible irq lock inversion dependency detected", Verdict::lockdep, FindingKind::irq_lock_inversion},
    {"unsafe lock order detected", Verdict::lockdep, FindingKind::irq_lock_inversion},
    {"Invalid wait context", Verdict::lockdep, FindingKind::wait_context},
    {"suspicious RCU usage", Verdict::lockdep, FindingKind::rcu_usage},
    {"bad unlock balance detected", Verdict::lockdep, FindingKind::lock_usage},
    {"held lock freed", Verdict::lockdep, FindingKind::lock_usage},
    {"Nested lock was not taken", Verdict::lockdep, FindingKind::lock_usage},
    {"bad contention detected", Verdict::lockdep, FindingKind::lock_usage},
    {"lock held when returning to user space", Verdict::lockdep, FindingKind::lock_usage},
    {"still has locks held", Verdict::lockdep, FindingKind::lock_usage},
    {"trying to register non-static key", Verdict::lockdep, FindingKind::lock_usage},
    {"BUG: kernel NULL pointer dereference", Verdict::oops, FindingKind::null_pointer},
    {"BUG: unable to handle", Verdict::oops, FindingKind::bad_access},
    {"general protection fault", Verdict::oops, FindingKind::general_protection},
    {"stack guard page was hit", Verdict::oops, FindingKind::stack_overflow},
    {"double fault:", Verdict::oops, FindingKind::double_fault},
    {"divide error:", Verdict::oops, FindingKind::divide_error},
    {"kernel BUG at", Verdict::bug, FindingKind::bug},
    {"Oops:", Verdict::oops, FindingKind::exception},
    {"BUG: scheduling while atomic", Verdict::bug, FindingKind::atomic},
    {"BUG: sleeping function called", Verdict::bug, FindingKind::atomic},
    {"BUG: soft lockup", Verdict::bug, FindingKind::soft_lockup},
    {"hard LOCKUP", Verdict::bug, FindingKind::hard_lockup},
    {"rcu: INFO:", Verdict::bug, FindingKind::rcu_stall},
    {"BUG: ", Verdict::bug, FindingKind::bug},
    {"WARNING: CPU:", Verdict::bug, FindingKind::warning},
    {"Kernel panic - not syncing", Verdict::oops, FindingKind::panic},
};

const Headline* headline_of(std::string_view text) {
  for (const Headline& headline : kHeadlines) {
    if (has(text, headline.part)) return &headline;
  }
  static constexpr Headline kHungTask{"blocked for more than", Verdict::bug, FindingKind::hung_task};
  if (text.starts_with("INFO: task ") && has(text, kHungTask.part)) return &kHungTask;
  return nullptr;
}

// What a report's own trace begins with: the same for whatever it tells of (lib/dump_stack.c, kernel/locking/lockdep.c,
// kernel/sched/core.c). The compiler may have added ".part.0" and the like.
bool is_of_the_report(std::string_view function) {
  static constexpr std::string_view kFunctions[] = {"dump_stack",
                                                    "dump_stack_lvl",
                                                    "check_noncircular",
                                                    "check_prev_add",
                                                    "check_prevs_add",
                                                    "validate_chain",
                                                    "check_irq_usage",
                                                    "check_usage",
                                                    "check_deadlock",
                                                    "check_wait_context",
                                                    "mark_lock",
                                                    "mark_lock_irq",
                                                    "mark_usage",
                                                    "mark_held_locks",
                                                    "register_lock_class",
                                                    "assign_lock_key",
                                                    "__lock_acquire",
                                                    "lock_acquire",
                                                    "__lock_release",
                                                    "lock_release",
                                                    "lock_contended",
                                                    "lockdep_sys_exit",
                                                    "lockdep_rcu_suspicious",
                                                    "debug_check_no_locks_held",
                                                    "debug_check_no_locks_freed",
                                                    "__schedule_bug",
                                                    "__might_resched",
                                                    "__might_sleep",
                                                    "schedule_debug"};
  function = function.substr(0, function.find('.'));
  return function.starts_with("print_") ||
         std::find(std::begin(kFunctions), std::end(kFunctions), function) != std::end(kFunctions);
}

// The lines with which the kernel closes a report.
bool is_end(std::string_view text) { return has(text, "---[ end trace") || has(text, "---[ end Kernel panic"); }

}  // namespace

std::string_view without_timestamp(std::string_view line) {
  // "[    1.234567]" and, with PRINTK_CALLER, "[    T1]": brackets whose content begins with a blank or a digit.
  while (line.size() > 2 && line.front() == '[' && (line[1] == ' ' || (line[1] >= '0' && line[1] <= '9'))) {
    const std::size_t close = line.find(']');
    if (close > 24) break;  // or there is none
    // "[ BUG: Invalid wait context ]" is a headline of lockdep.
    const std::string_view content = line.substr(1, close - 1);
    if (content.find_first_not_of(" .0123456789TC") != std::string_view::npos) break;
    line.remove_prefix(close + 1);
    if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  }
  return line;
}

std::string_view trace_function(std::string_view line) {
  const std::size_t start = line.find_first_not_of(' ');
  if (start == std::string_view::npos) return {};
  line.remove_prefix(start);
  const std::size_t plus = line.find("+0x");
  if (plus == std::string_view::npos || plus == 0) return {};
  if (line.find("/0x", plus) == std::string_view::npos) return {};
  const std::string_view name = line.substr(0, plus);
  // "? name" is a leftover on the stack; anything else with a blank is prose.
  return name.find_first_of(" ?:<") == std::string_view::npos ? name : std::string_view{};
}

void GuestReportDetector::fold(const Event& event) {
  if (const auto* lifecycle = std::get_if<LifecycleEvent>(&event.body)) {
    if (lifecycle->what == LifecycleEvent::What::ready) ready_ = true;
    if (lifecycle->what == LifecycleEvent::What::panic && !panicked_) {
      panicked_ = true;
      Report report;
      report.verdict = Verdict::oops;
      report.kind = FindingKind::panic;
      report.headline = "the guest's panic notifier rang" + (lifecycle->detail.empty() ? "" : ": " + lifecycle->detail);
      report.time = event.time;
      report.panic = true;
      // With its text on the console it is one and the same report.
      if (reports_.empty() || !reports_.back().panic) begin(std::move(report));
    }
    return;
  }
  const auto* console = std::get_if<ConsoleEvent>(&event.body);
  if (console == nullptr) return;
  const std::string_view text = without_timestamp(std::string_view(console->line).substr(0, kMaxConsoleLine));
  if (!ready_) {
    boot_tail_.emplace_back(text);
    if (boot_tail_.size() > kBootTail) boot_tail_.erase(boot_tail_.begin());
  }
  const Headline* headline = headline_of(text);
  if (headline != nullptr) {
    const bool panic = has(text, "Kernel panic - not syncing");
    panicked_ = panicked_ || panic;
    // An oops comes as several headlines ("BUG: unable to handle ...", "Oops: 0002 [#1]"), a panic often closes it.
    const bool continues = open_ && (has(text, "Oops:") || (panic && reports_.back().verdict == Verdict::oops));
    if (continues) reports_.back().panic = reports_.back().panic || panic;
    if (!continues) {
      Report report;
      report.verdict = headline->verdict;
      report.kind = headline->kind;
      report.headline = text;
      report.time = event.time;
      report.panic = panic;
      begin(std::move(report));
    }
  }
  if (open_) add_line(text);
}

void GuestReportDetector::begin(Report report) {
  open_ = false;
  if (!ready_ && !report.panic) {
    if (notes_.size() < kMaxNotes) notes_.push_back("while booting: " + report.headline);
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
  if (report.lines.size() >= kMostLines) {
    open_ = false;
    return;
  }
  report.lines.emplace_back(text);
  if (report.frames.size() < kMaxFrames) {
    if (text.starts_with("RIP: ") || text.starts_with("pc : ")) {
      // "RIP: 0010:function+0x1/0x2"; what stands in the trace before it belongs to the report of the report.
      std::string_view rest = text.substr(5);
      if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) rest.remove_prefix(colon + 1);
      const std::string_view function = trace_function(rest);
      if (!function.empty() && report.frames.empty()) report.frames.emplace_back(function);
    } else if (has(text, "Call Trace:") || has(text, "Call trace:")) {
      report.in_trace = true;
    } else if (report.in_trace) {
      const std::string_view function = trace_function(text);
      const bool known = report.frames.empty() ? is_of_the_report(function) : report.frames.back() == function;
      if (!function.empty() && !known) {
        report.frames.emplace_back(function);
      }
    }
  }
  if (is_end(text) && !report.panic) open_ = false;
}

Finding GuestReportDetector::finding(const Report& report) const {
  Finding finding;
  const bool at_boot = report.panic && !ready_;
  finding.verdict = at_boot ? Verdict::error : report.verdict;
  finding.kind = at_boot ? FindingKind::boot_panic : report.kind;
  finding.summary = at_boot ? "the guest panicked while booting: " + report.headline : report.headline;
  finding.seen_at = report.time;
  finding.proven_at = report.time;
  for (const std::string& frame : report.frames)
    finding.fingerprint += (finding.fingerprint.empty() ? "" : ":") + frame;
  if (at_boot) finding.fingerprint = finding_kind_name(finding.kind);
  if (finding.fingerprint.empty()) finding.fingerprint = "no-trace";
  for (const std::string& line : report.lines) finding.console_excerpt += line + "\n";
  return finding;
}

std::vector<Finding> GuestReportDetector::findings() const {
  std::vector<Finding> all;
  all.reserve(reports_.size());
  for (const Report& report : reports_) all.push_back(finding(report));
  return all;
}

}  // namespace remapstorm
