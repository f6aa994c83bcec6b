// SPDX-License-Identifier: Apache-2.0
// Every verdict from a made-up trial, and the same verdict when the trial is judged again from its recording.
#include "telemetry/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/rng.h"
#include "telemetry/event_json.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using What = LifecycleEvent::What;

// Judges twice: directly, and after a trip through events.jsonl.
Judgement judged(const Stream& stream) {
  std::string text;
  bool first = true;
  for (const Event& event : stream.events) {
    text += (first ? first_event_to_json(event) : event_to_json(event)) + "\n";
    first = false;
  }
  std::istringstream in(text);
  const Result<RecordedEvents> recorded = read_events(in);
  EXPECT_TRUE(recorded.ok() && recorded->bad_lines == 0 && !recorded->cut);
  Judgement now = judge(stream.events);
  if (recorded.ok()) {
    const Judgement again = judge(recorded->events);
    EXPECT_EQ(again.verdict, now.verdict);
    EXPECT_EQ(again.reasons, now.reasons);
    EXPECT_EQ(again.notes, now.notes);
    EXPECT_EQ(again.findings.size(), now.findings.size());
  }
  EXPECT_FALSE(now.reasons.empty());
  return now;
}

TEST(Judge, CleanWhenAllIsDone) {
  Stream stream;
  stream.begin().open().fire("irq", 1, 0).enter(0, kIrq, 1).leave(0, kIrq, 1).close();
  stream.fire("hold", 2, 0, ms(5)).pass(5).ended("hold", 2, 0, ms(5), ms(5.1)).done();
  const Judgement judgement = judged(stream);
  EXPECT_EQ(judgement.verdict, Verdict::clean) << judgement.reasons.front();
  EXPECT_EQ(judgement.statistics.windows_closed, 1U);
  EXPECT_EQ(judgement.statistics.injections.at("irq"), 1U);
  EXPECT_EQ(judgement.statistics.injections_answered, 1U);
  EXPECT_EQ(judgement.statistics.injector_lengths.at("hold").error_max, ms(0.1));
}

TEST(Judge, Deadlock) {
  Stream stream;
  stream.begin().self_cycle().two_looks().milestone(What::end);
  EXPECT_EQ(judged(stream).verdict, Verdict::deadlock);
}

TEST(Judge, ADeadlockOutranksItsSoftLockupAndTimeout) {
  Stream stream;
  stream.begin().self_cycle().two_looks();
  stream.console("[   30.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [agent:1]").milestone(What::timeout);
  EXPECT_EQ(judged(stream).verdict, Verdict::deadlock);
}

// A slow but progressing guest: it waits often and long, below the threshold.
TEST(Judge, ASlowGuestIsClean) {
  Stream stream;
  stream.begin();
  for (int i = 0; i < 50; ++i) {
    stream.open(0).fault(1, RS_CTX_TASK).pass(90).close(0).recover(1, RS_CTX_TASK).pass(1);
  }
  stream.done();
  const Judgement judgement = judged(stream);
  EXPECT_EQ(judgement.verdict, Verdict::clean) << judgement.reasons.front();
  EXPECT_EQ(judgement.statistics.faults[RS_CTX_TASK], 50U);
  EXPECT_GE(judgement.statistics.fault_waits.p50, ms(90));
}

TEST(Judge, AStallKnowsHowMuchOfItWasImposed) {
  Stream stream;
  stream.begin().open(0).fire("hold", 1, 0, ms(300)).fault(1, RS_CTX_TASK).pass(300);
  stream.ended("hold", 1, 0, ms(300), ms(300)).pass(30).close(0).recover(1, RS_CTX_TASK).done();
  const Judgement judgement = judged(stream);
  ASSERT_EQ(judgement.verdict, Verdict::stall) << judgement.reasons.front();
  const Finding& longest = judgement.findings.front();
  EXPECT_NEAR(static_cast<double>(longest.length.count()), 330e6, 1e5);
  EXPECT_NEAR(static_cast<double>(longest.imposed.count()), 300e6, 1e5);
}

// 330 ms, of which a busy host took 250: what remains is no stall.
TEST(Judge, AWaitThatOnlyTheHostMadeLongIsNoStall) {
  Stream stream;
  stream.begin().open(0).fault(1, RS_CTX_TASK).pass(330).add(HostWaitEvent{ms(250)}, 0);
  stream.close(0).recover(1, RS_CTX_TASK).done();
  const Judgement judgement = judged(stream);
  EXPECT_EQ(judgement.verdict, Verdict::clean) << judgement.reasons.front();
}

// On a busy machine more often than anybody would keep a list of: 5000 waits before, and then the one that matters.
TEST(Judge, TheHostsShareIsKnownHoweverOftenItTookIt) {
  Stream stream;
  stream.begin();
  for (int i = 0; i < 5000; ++i) stream.pass(2).add(HostWaitEvent{ms(1)}, i % 2);
  stream.open(0).fault(1, RS_CTX_TASK).pass(330).add(HostWaitEvent{ms(250)}, 0);
  stream.close(0).recover(1, RS_CTX_TASK).done();
  const Judgement judgement = judged(stream);
  EXPECT_EQ(judgement.verdict, Verdict::clean) << judgement.reasons.front();
}

// Ten waits that the host alone made long, and a shorter one that is the guest's: on a busy host that one must be
// found.
TEST(Judge, AStallIsFoundBehindLongerWaitsThatAreNone) {
  Stream stream;
  stream.begin();
  for (int i = 0; i < 10; ++i) {
    stream.open(0).fault(1, RS_CTX_TASK).pass(330).add(HostWaitEvent{ms(320)}, 0);
    stream.close(0).recover(1, RS_CTX_TASK).pass(1);
  }
  stream.open(0).fault(1, RS_CTX_TASK).pass(150).close(0).recover(1, RS_CTX_TASK).done();
  const Judgement judgement = judged(stream);
  ASSERT_EQ(judgement.verdict, Verdict::stall) << judgement.reasons.front();
  EXPECT_NEAR(static_cast<double>(judgement.findings.front().length.count()), 150e6, 1e5);
}

// More of them than are kept: what was dropped may have been a stall.
TEST(Judge, MoreLongWaitsThanAreKeptAreNoCleanTrial) {
  const auto waits = [](int count) {
    Stream stream;
    stream.begin();
    for (int i = 0; i < count; ++i) {
      stream.open(0).pass(130).add(HostWaitEvent{ms(129)}, 0).close(0);
    }
    return judge(stream.done().events);
  };
  EXPECT_EQ(waits(2000).verdict, Verdict::clean);  // window and lock of each
  const Judgement cut = waits(2100);
  EXPECT_EQ(cut.verdict, Verdict::error);
  EXPECT_EQ(cut.findings.front().kind, FindingKind::waits_cut);
  EXPECT_TRUE(is_host_trouble(cut.findings.front().kind)) << "another try on a host with time may tell";
}

// Whether they were delivered nobody knows: not clean.
TEST(Judge, MoreInjectionsThanAreWatchedAreNoCleanTrial) {
  const auto holds = [](std::uint32_t count) {
    Stream stream;
    stream.begin().open(0);
    for (std::uint32_t token = 1; token <= count; ++token) {
      stream.fire("hold", token, 0, ms(0)).ended("hold", token, 0, ms(0), ms(0));
    }
    stream.close(0).done();
    return judge(stream.events);
  };
  EXPECT_EQ(holds(1 << 16).verdict, Verdict::clean);
  EXPECT_EQ(holds((1 << 16) + 1).verdict, Verdict::error);
}

// The harness took 150 ms to look at its first hit in the window, and nobody had asked for that.
TEST(Judge, AWaitThatOnlyTheHarnessMadeLongIsNoStall) {
  Stream stream;
  stream.begin().open(0).fault(1, RS_CTX_TASK).pass(190).add(HarnessWorkEvent{ms(150)}, 0);
  stream.pass(16).close(0).recover(1, RS_CTX_TASK).done();
  const Judgement judgement = judged(stream);
  EXPECT_EQ(judgement.verdict, Verdict::clean) << judgement.reasons.front();
}

TEST(Judge, AStallTellsTheHostsShareFromOurs) {
  Stream stream;
  stream.begin().open(0).fire("hold", 1, 0, ms(300)).fault(1, RS_CTX_TASK).pass(300);
  stream.ended("hold", 1, 0, ms(300), ms(300)).pass(80).add(HostWaitEvent{ms(100)}, 0);
  stream.close(0).recover(1, RS_CTX_TASK).done();
  const Judgement judgement = judged(stream);
  ASSERT_EQ(judgement.verdict, Verdict::stall) << judgement.reasons.front();
  const Finding& longest = judgement.findings.front();
  EXPECT_NEAR(static_cast<double>(longest.imposed.count()), 300e6, 1e5);
  EXPECT_NEAR(static_cast<double>(longest.starved.count()), 80e6, 1e5) << "20 of the 100 ms lie within the hold";
}

// Who was to end the hold, or to give the page back, was not run in time, or stopped: nobody asked for that.
TEST(Judge, WhatAHoldOrDelayIsTooLongIsTheHosts) {
  for (const char* injector : {"hold", "stage2-delay"}) {
    Stream stream;
    stream.begin().open(0).fire(injector, 1, 0, ms(300)).fault(1, RS_CTX_TASK).pass(450);
    stream.ended(injector, 1, 0, ms(300), ms(450)).close(0).recover(1, RS_CTX_TASK).done();
    const Judgement judgement = judged(stream);
    ASSERT_EQ(judgement.verdict, Verdict::stall) << judgement.reasons.front();
    const Finding& longest = judgement.findings.front();
    EXPECT_NEAR(static_cast<double>(longest.imposed.count()), 300e6, 1e5);
    EXPECT_NEAR(static_cast<double>(longest.starved.count()), 150e6, 1e5);

    Stream harmless;
    harmless.begin().open(0).fire(injector, 1, 0, ms(50)).fault(1, RS_CTX_TASK).pass(5050);
    harmless.ended(injector, 1, 0, ms(50), ms(5050)).close(0).recover(1, RS_CTX_TASK).done();
    EXPECT_EQ(judged(harmless).verdict, Verdict::clean) << injector;
  }
}

TEST(Judge, ADelayThatTheHostMadeLongerWasExact) {
  Stream stream;
  stream.begin().open(0).fire("stage2-delay", 1, -1, ms(50)).pass(52).add(HostWaitEvent{ms(1.5)}, -1);
  stream.ended("stage2-delay", 1, -1, ms(50), ms(51.6)).close(0).done();
  EXPECT_EQ(judged(stream).statistics.injector_lengths.at("stage2-delay").error_max, ms(0.1));
  stream.fire("stage2-delay", 2, -1, ms(50)).pass(52).ended("stage2-delay", 2, -1, ms(50), ms(51.6));
  EXPECT_EQ(judged(stream).statistics.injector_lengths.at("stage2-delay").error_max, ms(1.6)) << "the host ran it";
}

// The ring was read long after the fact: the host times of the probe events are late by up to half a second.
TEST(Judge, LateHostTimesDoNotChangeTheImposedPart) {
  Stream stream;
  stream.begin().open(0).fire("hold", 1, 0, ms(300)).fault(1, RS_CTX_TASK).pass(300);
  stream.ended("hold", 1, 0, ms(300), ms(300)).close(0).recover(1, RS_CTX_TASK).pass(50).done();
  bool after_first = false;
  for (Event& event : stream.events) {
    if (!std::holds_alternative<ProbeEvent>(event.body)) continue;
    if (after_first) event.time += ms(500);
    after_first = true;
  }
  const Judgement judgement = judged(stream);
  ASSERT_EQ(judgement.verdict, Verdict::stall);
  EXPECT_NEAR(static_cast<double>(judgement.findings.front().imposed.count()), 300e6, 1e6);
}

// Two holds at the same time are imposed once.
TEST(Judge, OverlappingHoldsCountOnce) {
  Stream stream;
  stream.begin().open(0).fire("hold", 1, 0, ms(200)).fire("stage2-delay", 2, 0, ms(150)).pass(150);
  stream.ended("stage2-delay", 2, 0, ms(150), ms(150)).pass(50).ended("hold", 1, 0, ms(200), ms(200)).close(0).done();
  const Judgement judgement = judged(stream);
  ASSERT_EQ(judgement.verdict, Verdict::stall);
  EXPECT_NEAR(static_cast<double>(judgement.findings.front().imposed.count()), 200e6, 1e6);
}

// The reader has its lock and gives it back; then the guest lets another task run for a while.
TEST(Judge, WhatComesAfterTheLockIsNoWait) {
  Stream stream;
  stream.begin().open(0).fault(1, RS_CTX_TASK).pass(150).close(0);
  stream.got(1, RS_CTX_TASK, kFaultPc).drop(1, RS_CTX_TASK, kFaultPc).pass(400);
  stream.probe(1, RS_PROBE_FAULT_DONE, RS_CTX_TASK, {kPage, kUpdatePc.value, 1, 0}, kFaultPc).done();
  const Judgement judgement = judged(stream);
  ASSERT_EQ(judgement.verdict, Verdict::stall);
  for (const Finding& finding : judgement.findings) EXPECT_LT(finding.length, ms(151));
}

TEST(Judge, AFaultThatTakesNoLockWaitsAsAWhole) {
  Stream stream;
  stream.begin().probe(1, RS_PROBE_FAULT_ENTER, RS_CTX_TASK, {kPage, 0, 0, 0}, kFaultPc).pass(150);
  stream.probe(1, RS_PROBE_FAULT_DONE, RS_CTX_TASK, {kPage, 0, 1, 0}, kFaultPc).done();
  const Judgement judgement = judged(stream);
  ASSERT_EQ(judgement.verdict, Verdict::stall);
  EXPECT_THAT(judgement.findings.front().summary, HasSubstr("a fault on the vmemmap waited"));
}

// The entry is stored after bbm.make and the store has to wait for its page: the window is short, the lock is held
// long.
TEST(Judge, ALockHeldLongIsAStall) {
  Stream stream;
  stream.begin().open(0).fire("stage2-delay", 1, -1, ms(250));
  stream.probe(0, RS_PROBE_BBM_MAKE, RS_CTX_TASK, {kPage, kEntry, 0x61, RS_LEVEL_PTE}).pass(250);
  stream.ended("stage2-delay", 1, -1, ms(250), ms(250.2)).drop(0, RS_CTX_TASK, kUpdatePc).done();
  const Judgement judgement = judged(stream);
  ASSERT_EQ(judgement.verdict, Verdict::stall) << judgement.reasons.front();
  EXPECT_THAT(judgement.findings.front().summary, HasSubstr("init_mm.page_table_lock was held"));
}

TEST(Judge, HangAndTimeoutSaySoPlainly) {
  Stream hang;
  hang.begin().open().pass(5000).milestone(What::no_progress).milestone(What::end);
  EXPECT_EQ(judged(hang).verdict, Verdict::hang);
  Stream timeout;
  timeout.begin().open().close().pass(60'000).milestone(What::timeout).milestone(What::end);
  EXPECT_EQ(judged(timeout).verdict, Verdict::timeout);
}

TEST(Judge, WhatIsMissingKeepsATrialFromBeingClean) {
  Stream undelivered;
  undelivered.begin().open().fire("irq", 1, 0).close().done();
  EXPECT_EQ(judged(undelivered).verdict, Verdict::error);
  EXPECT_THAT(judged(undelivered).reasons.front(), HasSubstr("never delivered on vCPU 0"));
  Stream unanswered;
  unanswered.begin().open().fire("irq", 1, 0).enter(0, kIrq, 1).close().done();
  EXPECT_THAT(judged(unanswered).reasons.front(), HasSubstr("did not return"));
  Stream elsewhere;
  elsewhere.begin().open().fire("irq", 1, 0).enter(1, kIrq, 1).leave(1, kIrq, 1).close().done();
  EXPECT_THAT(judged(elsewhere).reasons.front(), HasSubstr("meant for vCPU 0"));
  Stream open_window;
  open_window.begin().open().drop(0, RS_CTX_TASK, kUpdatePc).done();
  EXPECT_THAT(judged(open_window).reasons.front(), HasSubstr("never closed"));
  Stream held;
  held.begin().fire("hold", 1, 0, ms(5)).done();
  EXPECT_THAT(judged(held).reasons.front(), HasSubstr("never ended"));
  Stream not_done;
  not_done.begin().open().close().milestone(What::end);
  EXPECT_EQ(judged(not_done).verdict, Verdict::error);
  EXPECT_THAT(judged(not_done).reasons.front(), HasSubstr("final doorbell"));
  Stream failed;
  ReceiptEvent receipt;
  receipt.rule = "slow";
  receipt.injector = "stage2-delay";
  receipt.phase = ReceiptEvent::Phase::failed;
  receipt.detail = "no page";
  failed.begin().add(receipt).done();
  EXPECT_THAT(judged(failed).reasons.front(), HasSubstr("no page"));
  Stream workload;
  workload.begin().milestone(What::done, "1").milestone(What::end);
  EXPECT_EQ(judged(workload).verdict, Verdict::error);
}

TEST(Judge, NothingAtAllIsAnError) { EXPECT_EQ(judge({}).verdict, Verdict::error); }

TEST(Judge, TroubleOfTheHostIsNoResultOfTheGuest) {
  for (const What what : {What::host_failure, What::ring_corrupt, What::emulation_failure, What::interrupted}) {
    Stream stream;
    stream.begin().open().milestone(what, "why").milestone(What::end);
    const Judgement judgement = judged(stream);
    EXPECT_EQ(judgement.verdict, Verdict::error);
    EXPECT_THAT(judgement.reasons.front(), HasSubstr("why"));
  }
}

TEST(Judge, ATripleFaultIsAResultOnlyAfterReady) {
  Stream later;
  later.begin().open().milestone(What::triple_fault);
  EXPECT_EQ(judged(later).verdict, Verdict::oops);
  Stream boot;
  boot.milestone(What::boot).milestone(What::triple_fault);
  EXPECT_EQ(judged(boot).verdict, Verdict::error);
}

TEST(Judge, InterruptsThatMergedCountOnce) {
  Stream stream;
  stream.begin().open().fire("irq", 1, 0).fire("irq", 1, 0).enter(0, kIrq, 1).leave(0, kIrq, 1).close().done();
  const Judgement judgement = judged(stream);
  EXPECT_EQ(judgement.verdict, Verdict::clean);
  EXPECT_EQ(judgement.statistics.injections.at("irq"), 1U);
  EXPECT_EQ(judgement.statistics.rule_firings.at("irq-rule"), 2U);
}

// Whatever the events say, judging them ends, and with a verdict. Values are extreme on purpose.
TEST(Judge, SurvivesNonsense) {
  Rng rng(7);
  constexpr std::uint64_t kExtremes[] = {0, 1, 2, ~0ULL, 1ULL << 63, kLock.value, kEntry, RS_LOCK_INIT_MM_PAGE_TABLE};
  const auto value = [&] { return kExtremes[rng.next() % std::size(kExtremes)]; };
  const auto time = [&] {
    constexpr std::int64_t kTimes[] = {0, 1, 1'000'000'000, std::numeric_limits<std::int64_t>::max()};
    return Nanoseconds(kTimes[rng.next() % std::size(kTimes)]);
  };
  for (int run = 0; run < 300; ++run) {
    Judge judge;
    for (int i = 0; i < 200; ++i) {
      Event event{time(), std::nullopt, static_cast<int>(rng.next() % 10) - 1, {}};
      switch (rng.next() % 6) {
        case 0: {
          SampleEvent sample = Stream::spinning(static_cast<unsigned>(rng.next() % 3), value());
          sample.lock_words = {{Gva(value()), static_cast<std::uint32_t>(value())}};
          event.body = sample;
          break;
        }
        case 1: {
          ReceiptEvent receipt;
          receipt.injector = rng.next() % 2 == 0 ? "hold" : "irq";
          receipt.phase = static_cast<ReceiptEvent::Phase>(rng.next() % 3);
          receipt.token = static_cast<std::uint32_t>(rng.next() % 4);
          receipt.requested = time();
          receipt.measured = time();
          event.body = receipt;
          break;
        }
        case 2:
          event.body = LifecycleEvent{static_cast<What>(rng.next() % 13), "x"};
          break;
        default: {
          event.guest_time = time();
          ProbeEvent probe;
          probe.probe = static_cast<std::uint16_t>(rng.next() % 48);
          probe.context = static_cast<std::uint32_t>(rng.next());
          probe.args = {value(), value(), value(), value()};
          probe.pc = Gva(value());
          event.body = probe;
          break;
        }
      }
      judge.on_event(event);
      (void)judge.suspicion();
    }
    EXPECT_FALSE(judge.judgement().reasons.empty());
  }
}

}  // namespace
}  // namespace remapstorm
