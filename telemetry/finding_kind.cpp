// SPDX-License-Identifier: Apache-2.0
#include "telemetry/finding_kind.h"

#include <cstddef>
#include <iterator>

namespace remapstorm {
namespace {

struct KindName {
  FindingKind kind;
  std::string_view name;
};
constexpr KindName kKindNames[] = {
    {FindingKind::other, "other"},
    {FindingKind::self_task, "self-task"},
    {FindingKind::self_softirq, "self-softirq"},
    {FindingKind::self_hardirq, "self-hardirq"},
    {FindingKind::self_nmi, "self-nmi"},
    {FindingKind::cross_vcpu, "cross-vcpu"},
    {FindingKind::fault, "fault"},
    {FindingKind::window, "window"},
    {FindingKind::lock_wait, "lock-wait"},
    {FindingKind::lock_held, "lock-held"},
    {FindingKind::pause, "pause"},
    {FindingKind::lost_update, "lost-update"},
    {FindingKind::workload_failure, "workload-failure"},
    {FindingKind::triple_fault, "triple-fault"},
    {FindingKind::boot_triple_fault, "boot-triple-fault"},
    {FindingKind::power_off, "power-off"},
    {FindingKind::emulation_failure, "emulation-failure"},
    {FindingKind::host_failure, "host-failure"},
    {FindingKind::ring_corrupt, "ring-corrupt"},
    {FindingKind::interrupted, "interrupted"},
    {FindingKind::timeout, "timeout"},
    {FindingKind::boot_timeout, "boot-timeout"},
    {FindingKind::no_progress, "no-progress"},
    {FindingKind::boot_no_progress, "boot-no-progress"},
    {FindingKind::boot_panic, "boot-panic"},
    {FindingKind::console_cut, "console-cut"},
    {FindingKind::waits_cut, "waits-cut"},
    {FindingKind::circular_locking, "circular-locking"},
    {FindingKind::recursive_locking, "recursive-locking"},
    {FindingKind::inconsistent_lock_state, "inconsistent-lock-state"},
    {FindingKind::irq_lock_inversion, "irq-lock-inversion"},
    {FindingKind::wait_context, "wait-context"},
    {FindingKind::rcu_usage, "rcu-usage"},
    {FindingKind::lock_usage, "lock-usage"},
    {FindingKind::null_pointer, "null-pointer"},
    {FindingKind::bad_access, "bad-access"},
    {FindingKind::general_protection, "general-protection"},
    {FindingKind::stack_overflow, "stack-overflow"},
    {FindingKind::double_fault, "double-fault"},
    {FindingKind::divide_error, "divide-error"},
    {FindingKind::exception, "exception"},
    {FindingKind::panic, "panic"},
    {FindingKind::bug, "bug"},
    {FindingKind::warning, "warning"},
    {FindingKind::soft_lockup, "soft-lockup"},
    {FindingKind::hard_lockup, "hard-lockup"},
    {FindingKind::rcu_stall, "rcu-stall"},
    {FindingKind::hung_task, "hung-task"},
    {FindingKind::workqueue_lockup, "workqueue-lockup"},
    {FindingKind::csd_lock, "csd-lock"},
    {FindingKind::atomic, "atomic"},
    {FindingKind::spinlock, "spinlock"},
    {FindingKind::bad_page, "bad-page"},
    {FindingKind::bad_page_table, "bad-page-table"},
    {FindingKind::allocator, "allocator"},
    {FindingKind::memory_leak, "memory-leak"},
    {FindingKind::list_corruption, "list-corruption"},
    {FindingKind::refcount, "refcount"},
    {FindingKind::usercopy, "usercopy"},
    {FindingKind::debug_object, "debug-object"},
    {FindingKind::ubsan, "ubsan"},
    {FindingKind::kasan, "kasan"},
    {FindingKind::kmsan, "kmsan"},
    {FindingKind::kcsan, "kcsan"},
    {FindingKind::kfence, "kfence"},
};

constexpr bool in_order_of_the_enum() {
  for (std::size_t i = 0; i < std::size(kKindNames); ++i) {
    if (static_cast<std::size_t>(kKindNames[i].kind) != i) return false;
  }
  return std::size(kKindNames) == static_cast<std::size_t>(kLastFindingKind) + 1;
}
static_assert(in_order_of_the_enum(), "each kind has its name at its own place");

}  // namespace

std::string_view finding_kind_name(FindingKind kind) { return kKindNames[static_cast<std::size_t>(kind)].name; }

std::optional<FindingKind> finding_kind_from_name(std::string_view name) {
  for (const KindName& entry : kKindNames) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

}  // namespace remapstorm
