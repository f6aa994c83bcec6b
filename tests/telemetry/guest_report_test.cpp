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

// Whatever the log has in front (telemetry/console_text.h), and wherever the kernel's message begins.
TEST(GuestReport, IsReadInEveryFormOfLog) {
  const std::string filler(600, '.');
  const std::string fronts[] = {"<3>[    1.0] ",
                                "[    1.0][    T1] ",
                                "<3>[    1.0][    C0] ",
                                "3,1234,12345678,-,caller=T1;",
                                "Nov 29 11:38:25 host kernel: ",
                                "\x1b[1;31m[    1.0] \x1b[0m",
                                "50 %\r[    1.0] ",
                                filler + "[    1.0] ",
                                filler + "<3>[    1.0] "};
  for (const std::string& front : fronts) {
    const std::string line = front + "INFO: task agent:12 blocked for more than 120 seconds.";
    const Judgement judgement = after_ready({line.c_str()});
    ASSERT_EQ(judgement.verdict, Verdict::bug) << line;
    EXPECT_EQ(judgement.findings.front().kind, FindingKind::hung_task) << line;
    EXPECT_EQ(judgement.findings.front().summary, "INFO: task agent:12 blocked for more than 120 seconds.") << line;
    EXPECT_EQ(judgement.findings.front().fingerprint, "hung-task") << "there is no trace";
  }
}

// The form of Linux 6.19, with what console_msg_format=syslog and CONFIG_PRINTK_CALLER put in front.
TEST(GuestReport, AWarningOfANewKernelHasItsTrace) {
  const Judgement judgement = after_ready({
      "<4>[    3.1][    T1] ------------[ cut here ]------------",
      "<4>[    3.1][    T1] WARNING: mm/hugetlb_vmemmap.c:1 at vmemmap_remap_pte+0x1/0x2, CPU#0: agent/1",
      "<4>[    3.1][    T1] RIP: 0010:vmemmap_remap_pte+0x1/0x2",
      "<4>[    3.1][    T1] Call Trace:",
      "<4>[    3.1][    T1]  <TASK>",
      "<4>[    3.1][    T1]  walk_pgd_range+0x1/0x2",
      "<4>[    3.1][    T1]  </TASK>",
      "<4>[    3.1][    T1] ---[ end trace 0000000000000000 ]---",
  });
  ASSERT_EQ(judgement.verdict, Verdict::bug);
  ASSERT_EQ(judgement.findings.size(), 1U);
  EXPECT_EQ(judgement.findings.front().kind, FindingKind::warning);
  EXPECT_EQ(judgement.findings.front().fingerprint, "vmemmap_remap_pte:walk_pgd_range");
}

TEST(GuestReport, AnArm64OopsIsOne) {
  const Judgement judgement = after_ready({
      "[    3.1] Unable to handle kernel paging request at virtual address fffffdffc0400000",
      "[    3.1] Mem abort info:",
      "[    3.1] Internal error: Oops: 0000000096000007 [#1] PREEMPT SMP",
      "[    3.1] pc : rs_read_target+0x10/0x40",
      "[    3.1] lr : rs_handle+0x30/0x90",
      "[    3.1] Call trace:",
      "[    3.1]  rs_read_target+0x10/0x40 (P)",
      "[    3.1]  rs_handle+0x30/0x90",
      "[    3.1] ---[ end trace 0000000000000000 ]---",
  });
  ASSERT_EQ(judgement.verdict, Verdict::oops);
  ASSERT_EQ(judgement.findings.size(), 1U);
  EXPECT_EQ(judgement.findings.front().kind, FindingKind::bad_access);
  EXPECT_EQ(judgement.findings.front().fingerprint, "rs_read_target:rs_handle");
}

// What names the cause comes before the headline, or behind it.
TEST(GuestReport, ACauseAndItsHeadlineAreOneReport) {
  const struct {
    std::initializer_list<const char*> lines;
    FindingKind kind;
  } cases[] = {
      {{"[ 1.0] list_del corruption, ffff888001000000->next is LIST_POISON1 (dead000000000100)",
        "[ 1.0] ------------[ cut here ]------------", "[ 1.0] kernel BUG at lib/list_debug.c:58!",
        "[ 1.0] Oops: invalid opcode: 0000 [#1] PREEMPT SMP", "[ 1.0] RIP: 0010:__list_del_entry_valid+0x1/0x2"},
       FindingKind::list_corruption},
      {{"[ 1.0] ------------[ cut here ]------------", "[ 1.0] refcount_t: underflow; use-after-free.",
        "[ 1.0] WARNING: CPU: 0 PID: 1 at lib/refcount.c:28 refcount_warn_saturate+0x1/0x2",
        "[ 1.0] RIP: 0010:refcount_warn_saturate+0x1/0x2"},
       FindingKind::refcount},
      {{"[ 1.0] ------------[ cut here ]------------",
        "[ 1.0] WARNING: lib/refcount.c:28 at refcount_warn_saturate+0x1/0x2, CPU#0: agent/1",
        "[ 1.0] refcount_t: underflow; use-after-free.", "[ 1.0] RIP: 0010:refcount_warn_saturate+0x1/0x2"},
       FindingKind::refcount},
  };
  for (const auto& one : cases) {
    const Judgement judgement = after_ready(one.lines);
    ASSERT_EQ(judgement.verdict, Verdict::bug);
    ASSERT_EQ(judgement.findings.size(), 1U) << judgement.findings.back().summary;
    EXPECT_EQ(judgement.findings.front().kind, one.kind);
  }
}

// A later oops is none of the report that is open.
TEST(GuestReport, AnOopsBehindALockdepReportIsASecondOne) {
  const Judgement judgement = after_ready({"[ 1.0] WARNING: possible recursive locking detected",
                                           "[ 1.1] Oops: general protection fault: 0000 [#1] PREEMPT SMP"});
  ASSERT_EQ(judgement.findings.size(), 2U);
  EXPECT_EQ(judgement.findings.back().kind, FindingKind::general_protection);
}

TEST(GuestReport, WhatAProgramWritesIsNone) {
  for (const char* line : {"BUG: my own", "WARNING: CPU: 0 is hot", "kernel BUG at lunch", "<12>[    2.0] BUG: my own",
                           "12,1234,12345678,-;BUG: my own", "the log says [BUG: x] and WARNING: CPU: 0"}) {
    const Judgement judgement = after_ready({"[    1.0] remapstorm: ready", line});
    EXPECT_EQ(judgement.verdict, Verdict::clean) << line;
  }
  const Judgement told = after_ready({"[    1.0] remapstorm: ready", "BUG: my own"});
  ASSERT_EQ(told.notes.size(), 1U);
  EXPECT_THAT(told.notes.front(), HasSubstr("a program of the guest wrote: BUG: my own"));
}

// printk.time=0: a line without anything in front may be the kernel's.
TEST(GuestReport, AKernelWithoutTimeStampsIsHeard) {
  EXPECT_EQ(after_ready({"BUG: Bad page state in process agent  pfn:12345"}).verdict, Verdict::bug);
}

// The console hands out long lines in pieces; the pieces part whatever they like.
TEST(GuestReport, AHeadlineThatPiecesPartIsRead) {
  const std::string line = std::string(1000, '.') + "[    1.0] BUG: unable to handle page fault for address: 0";
  for (std::size_t piece : {1U, 7U, 64U, 1024U}) {
    Stream stream;
    stream.begin();
    for (std::size_t at = 0; at < line.size(); at += piece) {
      const bool last = at + piece >= line.size();
      stream.add(ConsoleEvent{line.substr(at, piece), last ? ConsoleEvent::End::newline : ConsoleEvent::End::more});
    }
    stream.done();
    const Judgement judgement = judge(stream.events);
    ASSERT_EQ(judgement.verdict, Verdict::oops) << piece;
    EXPECT_EQ(judgement.findings.front().kind, FindingKind::bad_access) << piece;
  }
}

// Megabytes without a newline, and then the kernel speaks.
TEST(GuestReport, ALineWithoutEndHidesNothing) {
  Stream stream;
  stream.begin().console("[    0.9] remapstorm: ready");
  for (int i = 0; i < 100; ++i) stream.add(ConsoleEvent{std::string(1024, 'x'), ConsoleEvent::End::more});
  stream.console("[    1.0] kernel BUG at mm/hugetlb.c:1!").done();
  EXPECT_EQ(judge(stream.events).verdict, Verdict::bug);
}

Stream cut_console() {
  Stream stream;
  stream.begin().console("[    1.0] so far all is well");
  stream.add(ConsoleEvent{"[console output beyond 16777216 bytes dropped]", ConsoleEvent::End::cut});
  return stream;
}

TEST(GuestReport, AConsoleThatWasCutIsNotClean) {
  const Judgement judgement = judge(cut_console().done().events);
  EXPECT_EQ(judgement.verdict, Verdict::error);
  ASSERT_EQ(judgement.findings.size(), 1U);
  EXPECT_EQ(judgement.findings.front().kind, FindingKind::console_cut);
  EXPECT_THAT(judgement.reasons.front(), HasSubstr("more on its console than is kept"));
}

TEST(GuestReport, ACutTakesNothingFromWhatWasSeen) {
  Stream stream = cut_console();
  stream.self_cycle().two_looks();
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::deadlock);
  EXPECT_THAT(judgement.notes, testing::Contains(HasSubstr("more on its console")));
}

TEST(GuestReport, AFullTableOfLockdepIsNoBugAndIsTold) {
  const Judgement judgement = after_ready({"[    1.0] BUG: MAX_LOCKDEP_CHAINS too low!",
                                           "[    1.0] turning off the locking correctness validator.",
                                           "[    1.0] INFO: lockdep is turned off."});
  EXPECT_EQ(judgement.verdict, Verdict::clean) << judgement.reasons.front();
  ASSERT_EQ(judgement.notes.size(), 1U);
  EXPECT_THAT(judgement.notes.front(), HasSubstr("lockdep is off from here on"));
}

TEST(GuestReport, IsCompleteWithItsLastLineOrTheNextHeadline) {
  GuestReportDetector detector;
  const auto say = [&](const char* line) { detector.fold({Nanoseconds{0}, std::nullopt, -1, ConsoleEvent{line}}); };
  detector.fold({Nanoseconds{0}, std::nullopt, -1, LifecycleEvent{What::ready, {}}});
  EXPECT_FALSE(detector.reported());
  say("[    1.0] BUG: Bad page state in process agent  pfn:12345");
  say("[    1.0] page: refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x12345");
  EXPECT_TRUE(detector.reported());
  EXPECT_FALSE(detector.complete());
  say("[    1.0] BUG: Bad page state in process agent  pfn:12346");
  EXPECT_TRUE(detector.complete());
}

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
      .console("agent: cannot map the mailbox")
      .console("[    0.6] Kernel panic - not syncing: VFS: Unable to mount root fs");
  stream.milestone(What::panic).milestone(What::end);
  const Judgement judgement = judge(stream.events);
  ASSERT_EQ(judgement.verdict, Verdict::error);
  EXPECT_EQ(judgement.findings.front().kind, FindingKind::boot_panic);
  EXPECT_EQ(judgement.findings.front().fingerprint, "boot-panic");
  EXPECT_THAT(judgement.reasons.front(), HasSubstr("Unable to mount root fs"));
  EXPECT_THAT(judgement.findings.front().console_excerpt, HasSubstr("Cannot open root device"));
  EXPECT_THAT(judgement.findings.front().console_excerpt, HasSubstr("cannot map the mailbox")) << "a program knows why";
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
