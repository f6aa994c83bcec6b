// SPDX-License-Identifier: Apache-2.0
// Read from Linux 6.12, with what 5.x printed and what changed until 6.19. The first that fits decides, so the special
// come before the general; what nobody knows is a report if it begins like one ("BUG: ", "WARNING: ").
#include "telemetry/detectors/guest_headlines.h"

#include <algorithm>
#include <cstddef>

namespace remapstorm {
namespace {

using Role = HeadlineRole;
using Kind = FindingKind;
constexpr Verdict kBug = Verdict::bug;
constexpr Verdict kOops = Verdict::oops;
constexpr Verdict kLockdep = Verdict::lockdep;

constexpr Headline kHeadlines[] = {
    // kernel/locking/lockdep.c. print_lockdep_off(): a table of its own is full.
    {"BUG: MAX_", " too low!", Role::lockdep_off, kBug, Kind::other},
    {"INFO: lockdep is turned off", "", Role::belongs, kBug, Kind::other},
    {"WARNING: possible circular locking dependency", "", Role::report, kLockdep, Kind::circular_locking},
    {"WARNING: possible recursive locking", "", Role::report, kLockdep, Kind::recursive_locking},
    {"WARNING: inconsistent lock state", "", Role::report, kLockdep, Kind::inconsistent_lock_state},
    {"WARNING: possible irq lock inversion", "", Role::report, kLockdep, Kind::irq_lock_inversion},
    {"WARNING: ", "-unsafe lock order detected", Role::report, kLockdep, Kind::irq_lock_inversion},
    {"BUG: Invalid wait context", "", Role::report, kLockdep, Kind::wait_context},
    {"WARNING: suspicious RCU usage", "", Role::report, kLockdep, Kind::rcu_usage},
    {"WARNING: bad unlock balance", "", Role::report, kLockdep, Kind::lock_usage},
    {"WARNING: bad contention", "", Role::report, kLockdep, Kind::lock_usage},
    {"WARNING: held lock freed", "", Role::report, kLockdep, Kind::lock_usage},
    {"WARNING: Nested lock was not taken", "", Role::report, kLockdep, Kind::lock_usage},
    {"WARNING: nested lock was not taken", "", Role::report, kLockdep, Kind::lock_usage},
    {"WARNING: lock held when returning to user space", "", Role::report, kLockdep, Kind::lock_usage},
    {"WARNING: ", " still has locks held!", Role::report, kLockdep, Kind::lock_usage},
    {"WARNING: chain_key collision", "", Role::report, kLockdep, Kind::lock_usage},
    {"INFO: trying to register non-static key", "", Role::report, kLockdep, Kind::lock_usage},
    {"BUG: key ", " has not been registered!", Role::report, kLockdep, Kind::lock_usage},
    {"BUG: looking up invalid subclass", "", Role::report, kLockdep, Kind::lock_usage},

    // arch/x86/mm/fault.c, arch/x86/kernel/traps.c, cet.c, arch/x86/entry/entry_fred.c
    {"BUG: kernel NULL pointer dereference", "", Role::report, kOops, Kind::null_pointer},
    {"BUG: unable to handle kernel NULL pointer", "", Role::report, kOops, Kind::null_pointer},
    {"BUG: unable to handle", "", Role::report, kOops, Kind::bad_access},
    {"BUG: ", " stack guard page was hit", Role::report, kOops, Kind::stack_overflow},
    {"BUG: stack guard page was hit", "", Role::report, kOops, Kind::stack_overflow},
    {"BUG: invalid or fatal FRED event", "", Role::report, kOops, Kind::exception},
    {"PANIC: double fault", "", Role::report, kOops, Kind::double_fault},
    {"PANIC: ", "", Role::report, kOops, Kind::exception},
    {"Missing ENDBR: ", "", Role::cause, kBug, Kind::bug},
    // arch/x86/kernel/dumpstack.c: "Oops: TRAP: ERROR [#N]"; before 6.10 without the first "Oops: ".
    {"Oops: general protection fault", "", Role::exception, kOops, Kind::general_protection},
    {"Oops: divide error", "", Role::exception, kOops, Kind::divide_error},
    {"Oops: double fault", "", Role::exception, kOops, Kind::double_fault},
    {"Oops: ", "", Role::exception, kOops, Kind::exception},
    {"general protection fault", "[#", Role::exception, kOops, Kind::general_protection},
    {"divide error: ", "[#", Role::exception, kOops, Kind::divide_error},
    {"double fault: ", "[#", Role::exception, kOops, Kind::double_fault},
    {"invalid opcode: ", "[#", Role::exception, kOops, Kind::exception},
    {"stack segment: ", "[#", Role::exception, kOops, Kind::exception},
    {"int3: ", "[#", Role::exception, kOops, Kind::exception},
    {"alignment check: ", "[#", Role::exception, kOops, Kind::exception},
    {"segment not present: ", "[#", Role::exception, kOops, Kind::exception},
    {"invalid TSS: ", "[#", Role::exception, kOops, Kind::exception},
    {"control protection: ", "[#", Role::exception, kOops, Kind::exception},
    // arch/arm64/mm/fault.c, arch/arm64/kernel/traps.c, entry-common.c, debug-monitors.c
    {"Unable to handle kernel NULL pointer dereference", "", Role::report, kOops, Kind::null_pointer},
    {"Unable to handle kernel ", "", Role::report, kOops, Kind::bad_access},
    {"Unhandled fault", "", Role::report, kOops, Kind::bad_access},
    {"Insufficient stack space to handle exception", "", Role::report, kOops, Kind::stack_overflow},
    {"SError Interrupt on CPU", "", Role::report, kOops, Kind::exception},
    {"Unhandled ", " exception on CPU", Role::report, kOops, Kind::exception},
    {"Unexpected kernel ", " exception at EL1", Role::report, kOops, Kind::exception},
    {"Internal error: UBSAN", "", Role::exception, kBug, Kind::ubsan},
    {"Internal error: ", "", Role::exception, kOops, Kind::exception},
    {"Thread overran stack, or stack corrupted", "", Role::exception, kOops, Kind::stack_overflow},

    // kernel/panic.c
    {"Kernel panic - not syncing", "", Role::panic, kOops, Kind::panic},
    // lib/bug.c
    {"kernel BUG at ", "", Role::report, kBug, Kind::bug},
    {"Kernel BUG at ", "", Role::report, kBug, Kind::bug},

    // mm/kasan/report.c, mm/kmsan/report.c, kernel/kcsan/report.c, mm/kfence/report.c, lib/ubsan.c
    {"BUG: KASAN: ", "", Role::report, kBug, Kind::kasan},
    {"BUG: KMSAN: ", "", Role::report, kBug, Kind::kmsan},
    {"BUG: KCSAN: ", "", Role::report, kBug, Kind::kcsan},
    {"BUG: KFENCE: ", "", Role::report, kBug, Kind::kfence},
    {"UBSAN: ", "", Role::report, kBug, Kind::ubsan},

    // mm/page_alloc.c, filemap.c, memory.c, page_poison.c, mempool.c, slub.c (BUG CACHE (TAINT): ...), kmemleak.c,
    // kernel/fork.c
    {"BUG: Bad page state", "", Role::report, kBug, Kind::bad_page},
    {"BUG: Bad page cache", "", Role::report, kBug, Kind::bad_page},
    {"BUG: Bad page map", "", Role::report, kBug, Kind::bad_page_table},
    {"BUG: non-zero pgtables_bytes", "", Role::report, kBug, Kind::bad_page_table},
    {"BUG: Bad rss-counter state", "", Role::report, kBug, Kind::bad_page_table},
    {"pagealloc: memory corruption", "", Role::report, kBug, Kind::allocator},
    {"pagealloc: single bit error", "", Role::report, kBug, Kind::allocator},
    {"BUG: mempool element poison mismatch", "", Role::report, kBug, Kind::allocator},
    {"BUG ", " (Not tainted): ", Role::report, kBug, Kind::allocator},
    {"BUG ", " (Tainted: ", Role::report, kBug, Kind::allocator},
    {"kmemleak: ", " new suspected memory leaks", Role::report, kBug, Kind::memory_leak},

    // lib/list_debug.c, refcount.c, debugobjects.c, mm/usercopy.c: the cause; then WARN() or BUG().
    {"list_add corruption", "", Role::cause, kBug, Kind::list_corruption},
    {"list_add double add", "", Role::cause, kBug, Kind::list_corruption},
    {"list_del corruption", "", Role::cause, kBug, Kind::list_corruption},
    {"refcount_t: ", "", Role::cause, kBug, Kind::refcount},
    {"ODEBUG: selftest passed", "", Role::belongs, kBug, Kind::other},
    {"ODEBUG: Out of memory", "", Role::harmless, kBug, Kind::other},
    {"ODEBUG: out of memory", "", Role::harmless, kBug, Kind::other},
    {"ODEBUG: ", "", Role::cause, kBug, Kind::debug_object},
    {"usercopy: Kernel memory ", " attempt detected", Role::cause, kBug, Kind::usercopy},

    // kernel/watchdog.c (from 6.15 on with the CPU that looked), watchdog_perf.c, kernel/workqueue.c
    {"BUG: soft lockup", "", Role::report, kBug, Kind::soft_lockup},
    {"Watchdog detected hard LOCKUP", "", Role::report, kBug, Kind::hard_lockup},
    {"CPU", ": Watchdog detected hard LOCKUP", Role::report, kBug, Kind::hard_lockup},
    {"BUG: workqueue lockup", "", Role::report, kBug, Kind::workqueue_lockup},
    // kernel/smp.c
    {"csd: Detected non-responsive CSD lock", "", Role::report, kBug, Kind::csd_lock},
    // kernel/hung_task.c; the second since 6.16, inside a report
    {"INFO: task ", " is blocked on a ", Role::belongs, kBug, Kind::hung_task},
    {"INFO: task ", " blocked ", Role::report, kBug, Kind::hung_task},
    // kernel/rcu/tree_stall.h, tree_exp.h, tasks.h
    {"INFO: Stall ended before state dump start", "", Role::belongs, kBug, Kind::rcu_stall},
    {"INFO: rcu", " stall", Role::report, kBug, Kind::rcu_stall},

    // kernel/sched/core.c, lib/smp_processor_id.c, kernel/workqueue.c
    {"BUG: scheduling ", "", Role::report, kBug, Kind::atomic},
    {"BUG: sleeping function called", "", Role::report, kBug, Kind::atomic},
    {"BUG: assuming ", "", Role::report, kBug, Kind::atomic},
    {"BUG: using ", " in preemptible", Role::report, kBug, Kind::atomic},
    {"BUG: workqueue leaked atomic", "", Role::report, kBug, Kind::atomic},
    // kernel/locking/spinlock_debug.c
    {"BUG: spinlock ", "", Role::report, kBug, Kind::spinlock},
    {"BUG: rwlock ", "", Role::report, kBug, Kind::spinlock},
    {"BUG: ", "", Role::report, kBug, Kind::bug},

    // What configures or advises, and what the unwinder says while it prints somebody's report (kernel/workqueue.c,
    // fs/namespace.c, arch/x86/kernel/process.c, unwind_frame.c, unwind_orc.c, dumpstack_64.c,
    // arch/arm64/kernel/setup.c)
    {"WARNING: Flushing system-wide workqueues", "", Role::harmless, kBug, Kind::other},
    {"WARNING: The mand mount option", "", Role::harmless, kBug, Kind::other},
    {"WARNING: workqueue cpumask", "", Role::harmless, kBug, Kind::other},
    {"WARNING: polling idle and HT enabled", "", Role::harmless, kBug, Kind::other},
    {"WARNING: Unprivileged eBPF", "", Role::harmless, kBug, Kind::other},
    {"WARNING: x1-x3 nonzero", "", Role::harmless, kBug, Kind::other},
    {"WARNING: stack recursion", "", Role::harmless, kBug, Kind::other},
    {"WARNING: kernel stack ", " has bad ", Role::harmless, kBug, Kind::other},
    {"WARNING: WARNING: bad lookup", "", Role::harmless, kBug, Kind::other},
    {"WARNING: WARNING: ", " .orc_unwind table", Role::harmless, kBug, Kind::other},
    {"WARNING: unknown ", " base reg ", Role::harmless, kBug, Kind::other},
    {"WARNING: unknown .orc_unwind entry type", "", Role::harmless, kBug, Kind::other},
    {"WARNING: can't access", " registers at ", Role::harmless, kBug, Kind::other},
    {"WARNING: missing ", " value at ", Role::harmless, kBug, Kind::other},
    {"WARNING: stack going in the wrong direction", "", Role::harmless, kBug, Kind::other},
    // kernel/panic.c: "WARNING: CPU: N PID: P at FILE:LINE f+0x1/0x2" up to 6.18, then "WARNING: FILE:LINE at
    // f+0x1/0x2,
    // CPU#N: COMM/PID". Whatever else calls itself so is taken for one.
    {"WARNING: ", "", Role::report, kBug, Kind::warning},
};

// Without a part of the entry's own for a table of beginnings.
constexpr Headline kBadEntry{"", "", Role::report, kBug, Kind::bad_page_table};

bool fits(const Headline& headline, std::string_view message) {
  return message.starts_with(headline.begin) && message.find(headline.part, headline.begin.size()) != std::string::npos;
}

// Letters, digits and `others`; at least one.
bool is_word(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

// "mm/pgtable-generic.c:54: bad pmd 00000000c0ffee00(0000000000000067)": pgd_ERROR() and its like,
// arch/x86/include/asm/pgtable_64.h, arch/arm64/include/asm/pgtable.h.
bool is_bad_entry(std::string_view message) {
  constexpr std::string_view kBad = ": bad p";
  const std::size_t at = message.find(kBad);
  if (at == std::string_view::npos || at == 0) return false;
  const std::string_view place = message.substr(0, at), entry = message.substr(at + kBad.size());
  const std::size_t colon = place.rfind(':');
  if (colon == std::string_view::npos || !is_word(place.substr(0, colon), "_-./")) return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string_view line = place.substr(colon + 1);
  if (line.empty() || !std::all_of(line.begin(), line.end(), digit)) return false;
  return entry.starts_with("te ") || entry.starts_with("md ") || entry.starts_with("ud ") || entry.starts_with("4d ") ||
         entry.starts_with("gd ");
}

// "COMM: Corrupted page table at address 7f...", arch/x86/mm/fault.c; "Oops: Bad pagetable" follows.
bool is_corrupted_table(std::string_view message) {
  constexpr std::size_t kTaskComm = 16;
  const std::size_t at = message.find(": Corrupted page table at address ");
  return at < kTaskComm && is_word(message.substr(0, at), "_-./:");
}

// What pr_fmt() of a part of the kernel puts in front: "watchdog: ", "NMI watchdog: ", "rcu: ", "traps: ", "smp: ".
// No "systemd[1]: ": that is a program.
std::string_view without_part_of_kernel(std::string_view message) {
  constexpr std::size_t kLongest = 24;
  const std::size_t colon = message.substr(0, kLongest).find(": ");
  if (colon == std::string_view::npos || colon == 0) return {};
  if (!is_word(message.substr(0, colon), "_- ")) return {};
  return message.substr(colon + 2);
}

const Headline* in_table(std::string_view message) {
  const auto* found = std::find_if(std::begin(kHeadlines), std::end(kHeadlines),
                                   [&](const Headline& headline) { return fits(headline, message); });
  return found == std::end(kHeadlines) ? nullptr : found;
}

}  // namespace

const Headline* headline_of(std::string_view message) {
  // "[ BUG: Invalid wait context ]"
  if (message.starts_with("[ ") && message.ends_with(" ]")) message = message.substr(2, message.size() - 4);
  if (const Headline* found = in_table(message)) return found;
  if (is_bad_entry(message) || is_corrupted_table(message)) return &kBadEntry;
  const std::string_view rest = without_part_of_kernel(message);
  for (const std::string_view begin :
       {"BUG: ", "INFO: ", "PANIC: ", "WARNING: ", "Watchdog detected", "CPU", "csd: "}) {
    if (rest.starts_with(begin)) return in_table(rest);
  }
  return nullptr;
}

}  // namespace remapstorm
