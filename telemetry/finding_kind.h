// SPDX-License-Identifier: Apache-2.0
// FindingKind: what sort of thing a detector found. Set by the detector that makes the finding; whatever acts on a
// finding (exit codes, metrics, when a trial ends) asks for this and never for a text. The names are labels of metrics
// and `kind` in results.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace remapstorm {

enum class FindingKind : std::uint8_t {
  other,
  // Deadlocks: the waiter interrupted, in this context, the owner it waits for; or several vCPUs wait in a circle.
  self_task,
  self_softirq,
  self_hardirq,
  self_nmi,
  cross_vcpu,
  // Stalls: what took too long.
  fault,
  window,
  lock_wait,
  lock_held,
  pause,  // the strategy kept the other vCPUs from running
  lost_update,
  // What became of guest, harness and host.
  workload_failure,
  triple_fault,
  boot_triple_fault,
  power_off,
  emulation_failure,
  host_failure,
  ring_corrupt,
  interrupted,
  timeout,
  boot_timeout,
  no_progress,
  boot_no_progress,
  boot_panic,
  console_cut,  // the guest wrote more than the console keeps: what came behind was not read
  waits_cut,    // more long waits than are kept, and none of those kept is a stall
  // The guest's own reports: lockdep.
  circular_locking,
  recursive_locking,
  inconsistent_lock_state,
  irq_lock_inversion,
  wait_context,
  rcu_usage,
  lock_usage,
  // Processor exceptions and the end of the kernel.
  null_pointer,
  bad_access,
  general_protection,
  stack_overflow,
  double_fault,
  divide_error,
  exception,  // any other
  panic,
  // The kernel's checks of itself.
  bug,
  warning,
  soft_lockup,
  hard_lockup,
  rcu_stall,
  hung_task,
  workqueue_lockup,
  csd_lock,  // a CPU did not run what another asked it to
  atomic,
  spinlock,
  bad_page,
  bad_page_table,
  allocator,
  memory_leak,
  list_corruption,
  refcount,
  usercopy,
  debug_object,
  ubsan,
  kasan,
  kmsan,
  kcsan,
  kfence,
};
inline constexpr FindingKind kLastFindingKind = FindingKind::kfence;

std::string_view finding_kind_name(FindingKind kind);  // "self-hardirq"
std::optional<FindingKind> finding_kind_from_name(std::string_view name);

// No result of the guest, and gone by itself perhaps: the host or the harness failed, or somebody stopped the trial.
constexpr bool is_host_trouble(FindingKind kind) {
  return kind == FindingKind::host_failure || kind == FindingKind::interrupted || kind == FindingKind::waits_cut;
}

}  // namespace remapstorm
