// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/guest_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "telemetry/judge.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using What = LifecycleEvent::What;

Judgement after_ready(std::initializer_list<const char*> lines) {
  Stream stream;
  stream.begin();
  for (const char* line : lines) stream.console(line);
  stream.done();
  return judge(stream.events);
}

TEST(GuestReport, TimestampsAndCallersGo) {
  EXPECT_EQ(without_timestamp("[   12.345678] hello"), "hello");
  EXPECT_EQ(without_timestamp("[   12.345678][    T1] hello"), "hello");
  EXPECT_EQ(without_timestamp("[   12.345678] [    C0] hello"), "hello");
  EXPECT_EQ(without_timestamp("[    0.000000] [ BUG: Invalid wait context ]"), "[ BUG: Invalid wait context ]");
  EXPECT_EQ(without_timestamp("[ BUG: Invalid wait context ]"), "[ BUG: Invalid wait context ]");
  EXPECT_EQ(without_timestamp("[   1.0"), "[   1.0");
  EXPECT_EQ(without_timestamp(""), "");
}

TEST(GuestReport, TraceLines) {
  EXPECT_EQ(trace_function(" do_one_initcall+0x56/0x2f0"), "do_one_initcall");
  EXPECT_EQ(trace_function(" ? page_fault_oops+0x1/0x2"), "");
  EXPECT_EQ(trace_function(" <TASK>"), "");
  EXPECT_EQ(trace_function("RIP: 0010:f+0x1/0x2"), "");
  EXPECT_EQ(trace_function("f+0x1"), "");
  EXPECT_EQ(trace_function(""), "");
}

// Every such report begins with the same functions; what tells two apart comes below.
TEST(GuestReport, ALockdepReportIsNamedByWhoAskedForTheLock) {
  const Judgement judgement = after_ready({
      "[    3.1] WARNING: possible circular locking dependency detected",
      "[    3.1] task/1 is trying to acquire lock:",
      "[    3.1]        _raw_spin_lock+0x2f/0x40",
      "[    3.1] Call Trace:",
      "[    3.1]  <TASK>",
      "[    3.1]  dump_stack_lvl+0x54/0x70",
      "[    3.1]  print_circular_bug+0x1/0x2",
      "[    3.1]  check_noncircular+0x1/0x2",
      "[    3.1]  __lock_acquire+0x1/0x2",
      "[    3.1]  lock_acquire+0x1/0x2",
      "[    3.1]  _raw_spin_lock+0x2f/0x40",
      "[    3.1]  rs_vmemmap_fault+0x1/0x2",
      "[    3.1]  exc_page_fault+0x1/0x2",
      "[    3.1]  </TASK>",
  });
  ASSERT_EQ(judgement.verdict, Verdict::lockdep);
  EXPECT_EQ(judgement.findings.front().fingerprint, "_raw_spin_lock:rs_vmemmap_fault:exc_page_fault");
}

TEST(GuestReport, SchedulingWhileAtomicIsNamedByWhoDid) {
  const Judgement judgement = after_ready({
      "[    3.1] BUG: scheduling while atomic: task/1/0x00000002",
      "[    3.1] Call Trace:",
      "[    3.1]  dump_stack_lvl+0x54/0x70",
      "[    3.1]  __schedule_bug+0x1/0x2",
      "[    3.1]  __schedule+0x1/0x2",
      "[    3.1]  schedule+0x1/0x2",
      "[    3.1]  rs_handle+0x1/0x2",
  });
  ASSERT_EQ(judgement.verdict, Verdict::bug);
  EXPECT_EQ(judgement.findings.front().fingerprint, "__schedule:schedule:rs_handle");
}

TEST(GuestReport, LessUsualHeadlinesOfLockdep) {
  for (const char* line : {"WARNING: lock held when returning to user space!", "WARNING: bad contention detected!",
                           "INFO: trying to register non-static key.", "WARNING: task/1 still has locks held!"}) {
    EXPECT_EQ(after_ready({line}).verdict, Verdict::lockdep) << line;
  }
}

TEST(GuestReport, AnOopsHasRipAndTraceAsFingerprint) {
  const Judgement judgement = after_ready({
      "[    3.1] BUG: unable to handle page fault for address: ffffea0000400000",
      "[    3.1] #PF: supervisor read access in kernel mode",
      "[    3.1] Oops: Oops: 0000 [#1] PREEMPT SMP",
      "[    3.1] RIP: 0010:rs_read_target+0x12/0x40",
      "[    3.1] Call Trace:",
      "[    3.1]  <TASK>",
      "[    3.1]  ? __die_body+0x1a/0x60",
      "[    3.1]  rs_test_interrupt+0x30/0x90",
      "[    3.1]  __handle_irq_event_percpu+0x40/0x1a0",
      "[    3.1]  handle_irq_event+0x34/0x70",
      "[    3.1]  handle_edge_irq+0x8a/0x200",
      "[    3.1]  __common_interrupt+0x40/0xa0",
      "[    3.1]  </TASK>",
      "[    3.1] ---[ end trace 0000000000000000 ]---",
      "[    3.2] all quiet again",
  });
  ASSERT_EQ(judgement.verdict, Verdict::oops);
  ASSERT_EQ(judgement.findings.size(), 1U);
  EXPECT_EQ(judgement.findings.front().fingerprint,
            "rs_read_target:rs_test_interrupt:__handle_irq_event_percpu:handle_irq_event:handle_edge_irq");
  EXPECT_THAT(judgement.findings.front().console_excerpt, HasSubstr("#PF: supervisor read"));
  EXPECT_THAT(judgement.findings.front().console_excerpt, testing::Not(HasSubstr("all quiet")));
}

struct Sort {
  const char* line;
  Verdict verdict;
};
class Sorts : public testing::TestWithParam<Sort> {};
TEST_P(Sorts, AreRecognised) { EXPECT_EQ(after_ready({GetParam().line}).verdict, GetParam().verdict); }
INSTANTIATE_TEST_SUITE_P(
    Lines, Sorts,
    testing::Values(Sort{"[ 1.0] WARNING: inconsistent lock state", Verdict::lockdep},
                    Sort{"[ 1.0] WARNING: possible circular locking dependency detected", Verdict::lockdep},
                    Sort{"[ 1.0] WARNING: possible recursive locking detected", Verdict::lockdep},
                    Sort{"[ 1.0] WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", Verdict::lockdep},
                    Sort{"[ 1.0] [ BUG: Invalid wait context ]", Verdict::lockdep},
                    Sort{"[ 1.0] WARNING: suspicious RCU usage", Verdict::lockdep},
                    Sort{"[ 1.0] BUG: spinlock recursion on CPU#0, agent/1", Verdict::bug},
                    Sort{"[ 1.0] BUG: scheduling while atomic: agent/1/0x00000002", Verdict::bug},
                    Sort{"[ 1.0] BUG: sleeping function called from invalid context at x.c:1", Verdict::bug},
                    Sort{"[ 1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [agent:1]", Verdict::bug},
                    Sort{"[ 1.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", Verdict::bug},
                    Sort{"[ 1.0] INFO: task agent:12 blocked for more than 120 seconds.", Verdict::bug},
                    Sort{"[ 1.0] kernel BUG at mm/hugetlb.c:123!", Verdict::bug},
                    Sort{"[ 1.0] WARNING: CPU: 0 PID: 1 at mm/hugetlb_vmemmap.c:1 f+0x1/0x2", Verdict::bug},
                    Sort{"[ 1.0] BUG: kernel NULL pointer dereference, address: 0000000000000000", Verdict::oops},
                    Sort{"[ 1.0] Kernel panic - not syncing: Attempted to kill init!", Verdict::oops},
                    Sort{"[ 1.0] remapstorm: debugging is off, no worries", Verdict::clean}));

TEST(GuestReport, TheFirstReportDecides) {
  EXPECT_EQ(after_ready({"[ 1.0] WARNING: inconsistent lock state", "[ 1.0] ---[ end trace 0 ]---",
                         "[ 2.0] BUG: unable to handle page fault for address: 0"})
                .verdict,
            Verdict::lockdep);
}

TEST(GuestReport, APanicAtBootIsOurTroubleAndIsPrinted) {
  Stream stream;
  stream.milestone(What::boot)
      .console("[    0.5] VFS: Cannot open root device")
      .console("[    0.6] Kernel panic - not syncing: VFS: Unable to mount root fs");
  stream.milestone(What::panic).milestone(What::end);
  const Judgement judgement = judge(stream.events);
  ASSERT_EQ(judgement.verdict, Verdict::error);
  EXPECT_EQ(judgement.findings.front().kind, FindingKind::boot_panic);
  EXPECT_EQ(judgement.findings.front().fingerprint, "boot-panic");
  EXPECT_THAT(judgement.reasons.front(), HasSubstr("Unable to mount root fs"));
  EXPECT_THAT(judgement.findings.front().console_excerpt, HasSubstr("Cannot open root device"));
}

TEST(GuestReport, WarningsAtBootAreNotes) {
  Stream stream;
  stream.milestone(What::boot).console("[ 0.1] WARNING: CPU: 0 PID: 0 at x.c:1 f+0x1/0x2");
  stream.milestone(What::ready).done();
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::clean);
  ASSERT_EQ(judgement.notes.size(), 1U);
  EXPECT_THAT(judgement.notes.front(), HasSubstr("while booting"));
}

TEST(GuestReport, ADoorbellPanicWithoutTextIsOne) {
  Stream stream;
  stream.begin().milestone(What::panic).milestone(What::end);
  EXPECT_EQ(judge(stream.events).verdict, Verdict::oops);
}

TEST(GuestReport, AChattyGuestIsBounded) {
  Rng rng(3);
  GuestReportDetector detector;
  detector.fold({Nanoseconds{0}, std::nullopt, -1, LifecycleEvent{What::ready, {}}});
  for (int i = 0; i < 20'000; ++i) {
    std::string line = rng.next() % 3 == 0 ? "BUG: " : rng.next() % 2 == 0 ? "Call Trace:" : " f+0x1/0x2";
    for (int j = 0; j < 40; ++j) line += static_cast<char>(rng.next());
    detector.fold({Nanoseconds{i}, std::nullopt, -1, ConsoleEvent{line}});
  }
  const auto findings = detector.findings();
  EXPECT_LE(findings.size(), GuestReportDetector::kMostReports);
  for (const Finding& finding : findings) EXPECT_LT(finding.console_excerpt.size(), 64U << 10);
}

}  // namespace
}  // namespace remapstorm
