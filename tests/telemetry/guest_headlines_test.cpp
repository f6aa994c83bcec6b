// SPDX-License-Identifier: Apache-2.0
// A line for each message with which a kernel begins a report, as that kernel prints it, with where it does.
#include "telemetry/detectors/guest_headlines.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace remapstorm {
namespace {

using Kind = FindingKind;
constexpr Verdict kBug = Verdict::bug;
constexpr Verdict kOops = Verdict::oops;
constexpr Verdict kLockdep = Verdict::lockdep;

struct Printed {
  const char* message;
  Verdict verdict;
  FindingKind kind;
  const char* source;  // below the kernel's tree; 6.12 unless said otherwise
};
class Reports : public testing::TestWithParam<Printed> {};
TEST_P(Reports, BeginWithTheirHeadline) {
  const Printed& printed = GetParam();
  const Headline* headline = headline_of(printed.message);
  ASSERT_NE(headline, nullptr) << printed.message << " (" << printed.source << ")";
  EXPECT_NE(headline->role, HeadlineRole::harmless) << printed.message;
  EXPECT_NE(headline->role, HeadlineRole::lockdep_off) << printed.message;
  EXPECT_EQ(headline->verdict, printed.verdict) << printed.message;
  EXPECT_EQ(finding_kind_name(headline->kind), finding_kind_name(printed.kind)) << printed.message;
  // What a program says in passing is none, and neither is what a part of the kernel says of another's.
  EXPECT_EQ(headline_of("agent[12]: it said " + std::string(printed.message)), nullptr) << printed.message;
  EXPECT_EQ(headline_of("\"" + std::string(printed.message) + "\""), nullptr) << printed.message;
}

INSTANTIATE_TEST_SUITE_P(
    Lockdep, Reports,
    testing::Values(
        Printed{"WARNING: possible circular locking dependency detected", kLockdep, Kind::circular_locking,
                "kernel/locking/lockdep.c:1986"},
        Printed{"WARNING: possible recursive locking detected", kLockdep, Kind::recursive_locking,
                "kernel/locking/lockdep.c:3046"},
        Printed{"WARNING: inconsistent lock state", kLockdep, Kind::inconsistent_lock_state,
                "kernel/locking/lockdep.c:4041"},
        Printed{"WARNING: possible irq lock inversion dependency detected", kLockdep, Kind::irq_lock_inversion,
                "kernel/locking/lockdep.c:4107"},
        Printed{"WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", kLockdep, Kind::irq_lock_inversion,
                "kernel/locking/lockdep.c:2624"},
        Printed{"WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected", kLockdep, Kind::irq_lock_inversion,
                "kernel/locking/lockdep.c:2624"},
        Printed{"[ BUG: Invalid wait context ]", kLockdep, Kind::wait_context, "kernel/locking/lockdep.c:4815"},
        Printed{"WARNING: suspicious RCU usage", kLockdep, Kind::rcu_usage, "kernel/locking/lockdep.c:6825"},
        Printed{"WARNING: bad unlock balance detected!", kLockdep, Kind::lock_usage, "kernel/locking/lockdep.c:5284"},
        Printed{"WARNING: bad contention detected!", kLockdep, Kind::lock_usage, "kernel/locking/lockdep.c:6010"},
        Printed{"WARNING: held lock freed!", kLockdep, Kind::lock_usage, "kernel/locking/lockdep.c:6668"},
        Printed{"WARNING: Nested lock was not taken", kLockdep, Kind::lock_usage, "kernel/locking/lockdep.c:5048"},
        Printed{"WARNING: lock held when returning to user space!", kLockdep, Kind::lock_usage,
                "kernel/locking/lockdep.c:6799"},
        Printed{"WARNING: agent/1 still has locks held!", kLockdep, Kind::lock_usage, "kernel/locking/lockdep.c:6730"},
        Printed{"WARNING: chain_key collision", kLockdep, Kind::lock_usage, "kernel/locking/lockdep.c:3669"},
        Printed{"INFO: trying to register non-static key.", kLockdep, Kind::lock_usage,
                "kernel/locking/lockdep.c:1005"},
        Printed{"BUG: key ffff888003a3c1a8 has not been registered!", kLockdep, Kind::lock_usage,
                "kernel/locking/lockdep.c:4975"},
        Printed{"BUG: looking up invalid subclass: 8", kLockdep, Kind::lock_usage, "kernel/locking/lockdep.c:895"}));

INSTANTIATE_TEST_SUITE_P(
    X86, Reports,
    testing::Values(
        Printed{"BUG: kernel NULL pointer dereference, address: 0000000000000000", kOops, Kind::null_pointer,
                "arch/x86/mm/fault.c:538"},
        Printed{"BUG: unable to handle page fault for address: ffffea0000400000", kOops, Kind::bad_access,
                "arch/x86/mm/fault.c:541"},
        Printed{"BUG: unable to handle kernel NULL pointer dereference at 0000000000000008", kOops, Kind::null_pointer,
                "5.0 arch/x86/mm/fault.c"},
        Printed{"agent: Corrupted page table at address 7f0000000000", kBug, Kind::bad_page_table,
                "arch/x86/mm/fault.c:604"},
        Printed{"BUG: TASK stack guard page was hit at ffffc90000013ff8 (stack is ffffc90000014000..ffffc90000018000)",
                kOops, Kind::stack_overflow, "arch/x86/kernel/traps.c:410"},
        Printed{"traps: PANIC: double fault, error_code: 0x0", kOops, Kind::double_fault,
                "arch/x86/kernel/traps.c:568"},
        Printed{"PANIC: early exception 0x0d IP 10:ffffffff81000000 error 0 cr2 0x0", kOops, Kind::exception,
                "arch/x86/mm/extable.c:428"},
        Printed{"PANIC: invalid or fatal FRED event; event type 2 vector 2 error 0x0 aux 0x0 at 0010:ffffffff81000000",
                kOops, Kind::exception, "arch/x86/entry/entry_fred.c:30"},
        Printed{"BUG: invalid or fatal FRED event; event type 2 vector 2 error 0x0 aux 0x0 at 0010:ffffffff81000000",
                kOops, Kind::exception, "arch/x86/entry/entry_fred.c:40"},
        Printed{"Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI", kOops, Kind::exception, "arch/x86/kernel/dumpstack.c:426"},
        Printed{"Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP",
                kOops, Kind::general_protection, "arch/x86/kernel/dumpstack.c:426, traps.c"},
        Printed{"Oops: divide error: 0000 [#1] PREEMPT SMP", kOops, Kind::divide_error,
                "arch/x86/kernel/dumpstack.c:426, traps.c"},
        Printed{"Oops: double fault: 0000 [#1] PREEMPT SMP", kOops, Kind::double_fault,
                "arch/x86/kernel/dumpstack.c:426, traps.c:569"},
        Printed{"Oops: invalid opcode: 0000 [#1] PREEMPT SMP", kOops, Kind::exception,
                "arch/x86/kernel/dumpstack.c:426, traps.c"},
        Printed{"general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP", kOops,
                Kind::general_protection, "6.1 arch/x86/kernel/dumpstack.c"},
        Printed{"invalid opcode: 0000 [#1] PREEMPT SMP", kOops, Kind::exception, "6.1 arch/x86/kernel/dumpstack.c"},
        Printed{"divide error: 0000 [#1] PREEMPT SMP", kOops, Kind::divide_error, "6.1 arch/x86/kernel/dumpstack.c"},
        Printed{"stack segment: 0000 [#1] PREEMPT SMP", kOops, Kind::exception, "6.1 arch/x86/kernel/dumpstack.c"},
        Printed{"Thread overran stack, or stack corrupted", kOops, Kind::stack_overflow, "arch/x86/mm/fault.c:708"},
        Printed{"Missing ENDBR: f+0x0/0x10", kBug, Kind::bug, "arch/x86/kernel/cet.c:125"},
        Printed{"kernel BUG at mm/hugetlb.c:123!", kBug, Kind::bug, "lib/bug.c:205"},
        Printed{"Kernel BUG at f+0x1/0x2 [verbose debug info unavailable]", kBug, Kind::bug, "lib/bug.c:207"},
        Printed{"Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", kOops, Kind::panic,
                "kernel/panic.c:401"}));

INSTANTIATE_TEST_SUITE_P(
    Arm64, Reports,
    testing::Values(Printed{"Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000",
                            kOops, Kind::null_pointer, "arch/arm64/mm/fault.c:308"},
                    Printed{"Unable to handle kernel paging request at virtual address fffffdffc0400000", kOops,
                            Kind::bad_access, "arch/arm64/mm/fault.c:308"},
                    Printed{"Unable to handle kernel write to read-only memory at virtual address ffff800080010000",
                            kOops, Kind::bad_access, "arch/arm64/mm/fault.c:308"},
                    Printed{"Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP", kOops, Kind::exception,
                            "arch/arm64/kernel/traps.c:190"},
                    Printed{"Internal error: Oops - BUG: 00000000f2000800 [#1] PREEMPT SMP", kOops, Kind::exception,
                            "arch/arm64/kernel/traps.c:190"},
                    Printed{"Internal error: synchronous external abort: 0000000096000010 [#1] SMP", kOops,
                            Kind::exception, "arch/arm64/mm/fault.c:835"},
                    Printed{"Internal error: UBSAN: array index out of bounds: 00000000f2005512 [#1] SMP", kBug,
                            Kind::ubsan, "arch/arm64/kernel/traps.c"},
                    Printed{"Insufficient stack space to handle exception!", kOops, Kind::stack_overflow,
                            "arch/arm64/kernel/traps.c:899"},
                    Printed{"SError Interrupt on CPU1, code 0x00000000be000000 -- SError", kOops, Kind::exception,
                            "arch/arm64/kernel/traps.c:927"},
                    Printed{"Unhandled 64-bit el1h sync exception on CPU1, ESR 0x0000000002000000 -- Unknown", kOops,
                            Kind::exception, "arch/arm64/kernel/entry-common.c:327"},
                    Printed{"Unexpected kernel BRK exception at EL1", kOops, Kind::exception,
                            "arch/arm64/kernel/debug-monitors.c"},
                    Printed{"Unexpected kernel single-step exception at EL1", kOops, Kind::exception,
                            "arch/arm64/kernel/debug-monitors.c"},
                    Printed{"mm/pgtable-generic.c:54: bad pmd 0060000041a00f01.", kBug, Kind::bad_page_table,
                            "arch/arm64/include/asm/pgtable.h:805"},
                    Printed{"mm/pgtable-generic.c:27: bad pgd 0000000041a00003.", kBug, Kind::bad_page_table,
                            "arch/arm64/include/asm/pgtable.h:1146"}));

INSTANTIATE_TEST_SUITE_P(
    Memory, Reports,
    testing::Values(
        Printed{"mm/pgtable-generic.c:54: bad pmd 00000000c0ffee00(0000000000000067)", kBug, Kind::bad_page_table,
                "arch/x86/include/asm/pgtable_64.h:38"},
        Printed{"mm/memory.c:435: bad pud 00000000c0ffee00(0000000000000067)", kBug, Kind::bad_page_table,
                "arch/x86/include/asm/pgtable_64.h:41"},
        Printed{"mm/memory.c:435: bad p4d 00000000c0ffee00(0000000000000067)", kBug, Kind::bad_page_table,
                "arch/x86/include/asm/pgtable_64.h:46"},
        Printed{"BUG: Bad page state in process agent  pfn:12345", kBug, Kind::bad_page, "mm/page_alloc.c:524"},
        Printed{"BUG: Bad page state: 36 messages suppressed", kBug, Kind::bad_page, "mm/page_alloc.c:515"},
        Printed{"BUG: Bad page cache in process agent  pfn:12345", kBug, Kind::bad_page, "mm/filemap.c:156"},
        Printed{"BUG: Bad page map in process agent  pte:80000000deadbeef pmd:01234067", kBug, Kind::bad_page_table,
                "mm/memory.c:533"},
        Printed{"BUG: non-zero pgtables_bytes on freeing mm: 4096", kBug, Kind::bad_page_table, "kernel/fork.c:858"},
        Printed{"BUG: Bad rss-counter state mm:00000000c0ffee00 type:MM_ANONPAGES val:1", kBug, Kind::bad_page_table,
                "kernel/fork.c:853"},
        Printed{"pagealloc: memory corruption", kBug, Kind::allocator, "mm/page_poison.c:68"},
        Printed{"pagealloc: single bit error", kBug, Kind::allocator, "mm/page_poison.c:66"},
        Printed{"BUG: mempool element poison mismatch", kBug, Kind::allocator, "mm/mempool.c:32"},
        Printed{"BUG kmalloc-64 (Not tainted): Redzone overwritten", kBug, Kind::allocator, "mm/slub.c:1042"},
        Printed{"BUG kmalloc-64 (Tainted: G    B W         ): Object already free", kBug, Kind::allocator,
                "mm/slub.c:1042"},
        Printed{"kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", kBug, Kind::memory_leak,
                "mm/kmemleak.c:1885"},
        Printed{"BUG: KASAN: slab-use-after-free in f+0x1/0x2", kBug, Kind::kasan, "mm/kasan/report.c:246"},
        Printed{"BUG: KASAN: invalid-access", kBug, Kind::kasan, "mm/kasan/report.c:618"},
        Printed{"BUG: KMSAN: uninit-value in f+0x1/0x2", kBug, Kind::kmsan, "mm/kmsan/report.c:190"},
        Printed{"BUG: KFENCE: memory corruption in f+0x1/0x2", kBug, Kind::kfence, "mm/kfence/report.c:243"},
        Printed{"BUG: KCSAN: data-race in f / g", kBug, Kind::kcsan, "kernel/kcsan/report.c:432"},
        Printed{"UBSAN: array-index-out-of-bounds in mm/hugetlb.c:12:34", kBug, Kind::ubsan, "lib/ubsan.c:223"},
        Printed{"list_add corruption. prev->next should be next (ffff888001000000), but was 0000000000000000. "
                "(prev=ffff888001000008).",
                kBug, Kind::list_corruption, "lib/list_debug.c:33"},
        Printed{"list_add double add: new=ffff888001000000, prev=ffff888001000000, next=ffff888001000008.", kBug,
                Kind::list_corruption, "lib/list_debug.c:36"},
        Printed{"list_del corruption, ffff888001000000->next is LIST_POISON1 (dead000000000100)", kBug,
                Kind::list_corruption, "lib/list_debug.c:57"},
        Printed{"refcount_t: underflow; use-after-free.", kBug, Kind::refcount, "lib/refcount.c:28"},
        Printed{"refcount_t: saturated; leaking memory.", kBug, Kind::refcount, "lib/refcount.c:19"},
        Printed{
            "ODEBUG: free active (active state 0) object: ffff888001000000 object type: timer_list hint: f+0x0/0x10",
            kBug, Kind::debug_object, "lib/debugobjects.c:514"},
        Printed{"usercopy: Kernel memory exposure attempt detected from SLUB object 'kmalloc-64' (offset 0, size 128)!",
                kBug, Kind::usercopy, "mm/usercopy.c:90"}));

INSTANTIATE_TEST_SUITE_P(
    TimeAndContext, Reports,
    testing::Values(
        Printed{"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [agent:1]", kBug, Kind::soft_lockup,
                "kernel/watchdog.c:751"},
        Printed{"watchdog: Watchdog detected hard LOCKUP on cpu 1", kBug, Kind::hard_lockup, "kernel/watchdog.c:194"},
        Printed{"watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 1", kBug, Kind::hard_lockup,
                "6.15 kernel/watchdog.c"},
        Printed{"NMI watchdog: Watchdog detected hard LOCKUP on cpu 1", kBug, Kind::hard_lockup,
                "6.1 kernel/watchdog_hld.c"},
        Printed{"BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 32s!", kBug,
                Kind::workqueue_lockup, "kernel/workqueue.c:7648"},
        Printed{"smp: csd: Detected non-responsive CSD lock (#1) on CPU#0, waiting 5000000000 ns for CPU#01 "
                "f+0x0/0x10(0x0).",
                kBug, Kind::csd_lock, "kernel/smp.c:276"},
        Printed{"INFO: task agent:12 blocked for more than 120 seconds.", kBug, Kind::hung_task,
                "kernel/hung_task.c:134"},
        Printed{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", kBug, Kind::rcu_stall,
                "kernel/rcu/tree_stall.h:620"},
        Printed{"rcu: INFO: rcu_sched self-detected stall on CPU", kBug, Kind::rcu_stall,
                "kernel/rcu/tree_stall.h:696"},
        Printed{"rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-....", kBug, Kind::rcu_stall,
                "kernel/rcu/tree_exp.h:561"},
        Printed{"INFO: rcu_tasks detected stalls on tasks:", kBug, Kind::rcu_stall, "kernel/rcu/tasks.h:1113"},
        Printed{"BUG: scheduling while atomic: agent/1/0x00000002", kBug, Kind::atomic, "kernel/sched/core.c:5899"},
        Printed{"BUG: sleeping function called from invalid context at mm/hugetlb.c:1", kBug, Kind::atomic,
                "kernel/sched/core.c:8708"},
        Printed{"BUG: assuming atomic context at mm/hugetlb.c:1", kBug, Kind::atomic, "kernel/sched/core.c:8753"},
        Printed{"BUG: using __this_cpu_read() in preemptible [00000000] code: agent/1", kBug, Kind::atomic,
                "lib/smp_processor_id.c:45"},
        Printed{"BUG: workqueue leaked atomic, lock or RCU: kworker/0:1[12]", kBug, Kind::atomic,
                "kernel/workqueue.c:3280"},
        Printed{"BUG: spinlock recursion on CPU#0, agent/1", kBug, Kind::spinlock,
                "kernel/locking/spinlock_debug.c:61"},
        Printed{"BUG: rwlock bad magic on CPU#0, agent/1, 00000000c0ffee00", kBug, Kind::spinlock,
                "kernel/locking/spinlock_debug.c:151"},
        Printed{"WARNING: CPU: 0 PID: 1 at mm/hugetlb_vmemmap.c:1 f+0x1/0x2", kBug, Kind::warning,
                "kernel/panic.c:781"},
        Printed{"WARNING: CPU: 0 PID: 1 at f+0x1/0x2", kBug, Kind::warning, "kernel/panic.c:785"},
        Printed{"WARNING: mm/hugetlb_vmemmap.c:1 at f+0x1/0x2, CPU#0: agent/1", kBug, Kind::warning,
                "6.19 kernel/panic.c"},
        Printed{"WARNING: at f+0x1/0x2, CPU#0: agent/1", kBug, Kind::warning, "6.19 kernel/panic.c"},
        Printed{"BUG: of a sort that nobody knows", kBug, Kind::bug, "anywhere"},
        Printed{"WARNING: of a sort that nobody knows", kBug, Kind::warning, "anywhere"}));

struct NoReport {
  const char* message;
  std::optional<HeadlineRole> role;
  const char* source;
};
class NoReports : public testing::TestWithParam<NoReport> {};
TEST_P(NoReports, AreTold) {
  const Headline* headline = headline_of(GetParam().message);
  EXPECT_EQ(headline == nullptr ? std::nullopt : std::optional(headline->role), GetParam().role)
      << GetParam().message << " (" << GetParam().source << ")";
}
INSTANTIATE_TEST_SUITE_P(
    Lines, NoReports,
    testing::Values(
        NoReport{"BUG: MAX_LOCKDEP_CHAINS too low!", HeadlineRole::lockdep_off, "kernel/locking/lockdep.c:3776"},
        NoReport{"BUG: MAX_LOCKDEP_CHAIN_HLOCKS too low!", HeadlineRole::lockdep_off, "kernel/locking/lockdep.c:3796"},
        NoReport{"BUG: MAX_LOCKDEP_KEYS too low!", HeadlineRole::lockdep_off, "kernel/locking/lockdep.c:1355"},
        NoReport{"BUG: MAX_LOCKDEP_ENTRIES too low!", HeadlineRole::lockdep_off, "kernel/locking/lockdep.c:1435"},
        NoReport{"BUG: MAX_LOCK_DEPTH too low!", HeadlineRole::lockdep_off, "kernel/locking/lockdep.c:5253"},
        NoReport{"BUG: MAX_STACK_TRACE_ENTRIES too low!", HeadlineRole::lockdep_off, "kernel/locking/lockdep.c:578"},
        NoReport{"INFO: lockdep is turned off.", HeadlineRole::belongs, "kernel/locking/lockdep.c:6754"},
        NoReport{"INFO: task agent:12 is blocked on a mutex likely owned by task agent:13.", HeadlineRole::belongs,
                 "6.16 kernel/hung_task.c"},
        NoReport{"rcu: INFO: Stall ended before state dump start", HeadlineRole::belongs,
                 "kernel/rcu/tree_stall.h:648"},
        NoReport{"WARNING: Flushing system-wide workqueues will be prohibited in near future.", HeadlineRole::harmless,
                 "kernel/workqueue.c:8100"},
        NoReport{"WARNING: kernel stack frame pointer at ffffc90000013ff8 in agent:1 has bad value 0000000000000000",
                 HeadlineRole::harmless, "arch/x86/kernel/unwind_frame.c:362"},
        NoReport{"WARNING: can't access registers at asm_exc_page_fault+0x26/0x30", HeadlineRole::harmless,
                 "arch/x86/kernel/unwind_orc.c:597"},
        NoReport{"INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.234 msecs", std::nullopt,
                 "arch/x86/kernel/nmi.c:132"},
        NoReport{"agent[12]: segfault at 0 ip 0000000000401000 sp 00007ffc00000000 error 4", std::nullopt,
                 "arch/x86/mm/fault.c:759"},
        NoReport{"traps: agent[12] general protection fault ip:401000 sp:7ffc00000000 error:0", std::nullopt,
                 "arch/x86/kernel/traps.c:208"},
        NoReport{"remapstorm: debugging is off, no worries", std::nullopt, ""},
        NoReport{"general protection fault is what it waits for", std::nullopt, ""},
        NoReport{"found 3 bugs; WARNING: CPU: 0", std::nullopt, ""}, NoReport{"a bad pmd is bad", std::nullopt, ""},
        NoReport{"here: bad pmd and more", std::nullopt, ""}, NoReport{"systemd[1]: BUG: x", std::nullopt, ""},
        NoReport{"", std::nullopt, ""}));

}  // namespace
}  // namespace remapstorm
