// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/finding_class.h"

#include <utility>

namespace remapstorm {
namespace {

constexpr std::string_view kOther = "other";

// Fingerprints that are classes already (detectors/lifecycle.cpp, lost_update.cpp, guest_report.h).
constexpr std::string_view kHarnessClasses[] = {
    "workload-failure", "triple-fault",     "boot-triple-fault", "power-off",  "emulation-failure",
    "host-failure",     "ring-corrupt",     "interrupted",       "timeout",    "boot-timeout",
    "no-progress",      "boot-no-progress", "boot-panic",        "lost-update"};

using Pattern = std::pair<std::string_view, std::string_view>;  // part of the headline, class
constexpr Pattern kReports[] = {
    {"circular locking", "circular-locking"},
    {"recursive locking", "recursive-locking"},
    {"inconsistent lock state", "inconsistent-lock-state"},
    {"irq lock inversion", "irq-lock-inversion"},
    {"unsafe lock order", "irq-lock-inversion"},
    {"Invalid wait context", "wait-context"},
    {"suspicious RCU usage", "rcu-usage"},
    {"bad unlock balance", "lock-usage"},
    {"held lock freed", "lock-usage"},
    {"Nested lock was not taken", "lock-usage"},
    {"NULL pointer dereference", "null-pointer"},
    {"unable to handle", "bad-access"},
    {"general protection fault", "general-protection"},
    {"stack guard page", "stack-overflow"},
    {"double fault", "double-fault"},
    {"divide error", "divide-error"},
    {"kernel BUG at", "bug"},
    {"soft lockup", "soft-lockup"},
    {"hard LOCKUP", "hard-lockup"},
    {"rcu: INFO", "rcu-stall"},
    {"blocked for more than", "hung-task"},
    {"scheduling while atomic", "atomic"},
    {"sleeping function called", "atomic"},
    {"WARNING: CPU", "warning"},
    {"Kernel panic", "panic"},
    {"panic notifier", "panic"},
};
constexpr Pattern kStalls[] = {  // how summaries of detectors/stall.cpp begin
    {"a fault", "fault"},
    {"a remap window", "window"},
    {"somebody waited", "lock-wait"},
    {"", "lock-held"}};

std::string_view deadlock_class(const Finding& finding) {
  constexpr Pattern kSelf[] = {
      {"task", "self-task"}, {"softirq", "self-softirq"}, {"hardirq", "self-hardirq"}, {"nmi", "self-nmi"}};
  for (const WaitEdge& edge : finding.cycle) {
    if (edge.waiter_vcpu != edge.owner_vcpu) continue;
    for (const auto& [context, name] : kSelf) {
      if (edge.waiter_context == context) return name;
    }
  }
  return finding.cycle.empty() ? kOther : "cross-vcpu";
}

}  // namespace

std::string_view finding_class(const Finding& finding) {
  if (finding.verdict == Verdict::deadlock) return deadlock_class(finding);
  if (finding.verdict == Verdict::stall) {
    for (const auto& [begin, name] : kStalls) {
      if (finding.summary.starts_with(begin)) return name;
    }
  }
  for (const std::string_view name : kHarnessClasses) {
    if (finding.fingerprint == name) return name;
  }
  for (const auto& [part, name] : kReports) {
    if (finding.summary.find(part) != std::string::npos) return name;
  }
  return kOther;
}

}  // namespace remapstorm
