// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/guest_trace.h"

#include <algorithm>
#include <cstddef>

namespace remapstorm {
namespace {

constexpr std::size_t kMaxFrames = 5;

// What a report's own trace begins with: the same for whatever it tells of (lib/dump_stack.c, kernel/locking/lockdep.c,
// kernel/sched/core.c, mm/page_alloc.c, mm/kasan, lib/ubsan.c). The compiler may have added ".part.0" and the like.
bool is_of_the_report(std::string_view function) {
  static constexpr std::string_view kBegin[] = {"print_",  "kasan_",   "__kasan_", "__asan_",
                                                "kfence_", "kcsan_",   "__tsan_",  "kmsan_",
                                                "__msan_", "__ubsan_", "ubsan_",   "handle_overflow"};
  static constexpr std::string_view kFunctions[] = {"dump_stack",
                                                    "dump_stack_lvl",
                                                    "dump_backtrace",
                                                    "show_stack",
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
                                                    "schedule_debug",
                                                    "bad_page",
                                                    "slab_err",
                                                    "object_err",
                                                    "check_memory_region",
                                                    "__warn",
                                                    "__warn_printk",
                                                    "warn_slowpath_fmt"};
  function = function.substr(0, function.find('.'));
  const auto begins = [&](std::string_view begin) { return function.starts_with(begin); };
  return std::any_of(std::begin(kBegin), std::end(kBegin), begins) ||
         std::find(std::begin(kFunctions), std::end(kFunctions), function) != std::end(kFunctions);
}

}  // namespace

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

void ReportFrames::add_line(std::string_view message) {
  if (functions_.size() >= kMaxFrames) return;
  if (message.starts_with("RIP: ") || message.starts_with("pc : ")) {
    // "RIP: 0010:function+0x1/0x2"; what stands in the trace before it belongs to the report of the report.
    std::string_view rest = message.substr(5);
    if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) rest.remove_prefix(colon + 1);
    const std::string_view function = trace_function(rest);
    if (!function.empty() && functions_.empty()) functions_.emplace_back(function);
  } else if (message.starts_with("Call Trace:") || message.starts_with("Call trace:")) {
    in_trace_ = true;
  } else if (in_trace_) {
    const std::string_view function = trace_function(message);
    const bool known = functions_.empty() ? is_of_the_report(function) : functions_.back() == function;
    if (!function.empty() && !known) functions_.emplace_back(function);
  }
}

}  // namespace remapstorm
