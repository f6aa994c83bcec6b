// SPDX-License-Identifier: Apache-2.0
// What is a proven deadlock, and all that only looks like one.
#include "telemetry/detectors/deadlock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telemetry/judge.h"
#include "telemetry/proof_standard.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

constexpr Gva kOtherLock{0xffffffff82000200};

std::string notes_of(const Judgement& judgement) {
  std::string all;
  for (const std::string& note : judgement.notes) all += note + "\n";
  return all;
}

TEST(Deadlock, AnInterruptOnTheOwnerIsProven) {
  Stream stream;
  stream.begin().self_cycle().two_looks();
  const Judgement judgement = judge(stream.events);
  ASSERT_EQ(judgement.verdict, Verdict::deadlock);
  const Finding& finding = judgement.findings.front();
  EXPECT_EQ(finding.kind, FindingKind::self_hardirq);
  ASSERT_EQ(finding.cycle.size(), 1U);
  const WaitEdge& edge = finding.cycle.front();
  EXPECT_EQ(edge.lock_name, "init_mm.page_table_lock");
  EXPECT_EQ(edge.lock_word, 1U);
  EXPECT_EQ(edge.waiter_vcpu, 0);
  EXPECT_EQ(edge.waiter_context, Context::hardirq);
  EXPECT_EQ(edge.waiter_symbol, "rs_vmemmap_fault+0x20");
  EXPECT_EQ(edge.owner_vcpu, 0);
  EXPECT_EQ(edge.owner_context, Context::task);
  EXPECT_EQ(edge.owner_symbol, "vmemmap_update_pte+0x40");
  EXPECT_FALSE(edge.owner_irqs_off);
  ASSERT_TRUE(finding.injection.has_value());
  EXPECT_EQ(finding.injection->token, 1U);
  EXPECT_EQ(finding.injection->symbol, "vmemmap_update_pte+0x40");
  EXPECT_EQ(finding.injection->disassembly.size(), 2U);
  EXPECT_GT(finding.proven_at, finding.injection->time);
  EXPECT_LT(finding.proven_at - finding.injection->time, ms(1000));
  EXPECT_GT(edge.waiting_since, edge.owned_since);
  EXPECT_THAT(finding.fingerprint, HasSubstr("rs_vmemmap_fault:exc_page_fault"));
  EXPECT_EQ(finding.sample_vcpus, std::vector<int>{0});
}

TEST(Deadlock, TheFingerprintDoesNotDependOnWhereTheSpinWasCaught) {
  Stream still, calling;
  still.begin().self_cycle().two_looks();
  calling.begin().self_cycle();
  for (const unsigned round : {0U, 1U}) {
    SampleEvent sample = Stream::spinning(round, 10'000'000 + round * 45'000'000ULL);
    sample.backtrace.insert(sample.backtrace.begin(), Frame{Gva{0xffffffff81420000}, "cpu_relax_poll", 4});
    calling.sample(0, sample).pass(50);
  }
  const Judgement one = judge(still.events), other = judge(calling.events);
  ASSERT_EQ(other.verdict, Verdict::deadlock);
  EXPECT_EQ(one.findings.front().fingerprint, other.findings.front().fingerprint);
  EXPECT_THAT(other.findings.front().fingerprint, testing::StartsWith("rs_vmemmap_fault:"));
}

TEST(Deadlock, AnNmiOnTheOwnerIsProven) {
  Stream stream;
  stream.begin().self_cycle(RS_CTX_NMI | RS_CTX_IRQS_OFF).two_looks();
  const Judgement judgement = judge(stream.events);
  ASSERT_EQ(judgement.verdict, Verdict::deadlock);
  EXPECT_EQ(judgement.findings.front().cycle.front().waiter_context, Context::nmi);
  EXPECT_EQ(judgement.findings.front().kind, FindingKind::self_nmi);
}

TEST(Deadlock, TwoLocksOnTwoVcpus) {
  Stream stream;
  stream.begin();
  stream.want(0, RS_CTX_TASK, kUpdatePc).got(0, RS_CTX_TASK, kUpdatePc);
  stream.want(1, RS_CTX_TASK, kUpdatePc, kOtherLock).got(1, RS_CTX_TASK, kUpdatePc, kOtherLock);
  stream.want(0, RS_CTX_TASK, kFaultPc, kOtherLock).want(1, RS_CTX_TASK, kFaultPc);
  Judge judge;
  for (const Event& event : stream.events) judge.on_event(event);
  const auto suspicion = judge.suspicion();
  ASSERT_TRUE(suspicion.has_value());
  EXPECT_THAT(suspicion->vcpus, testing::UnorderedElementsAre(0, 1));
  EXPECT_THAT(suspicion->locks, testing::UnorderedElementsAre(kLock, kOtherLock));
  for (const unsigned round : {0U, 1U}) {
    SampleEvent sample = Stream::spinning(round, 10'000'000 + round * 40'000'000ULL);
    sample.lock_words.emplace_back(kOtherLock, 1);
    for (const int vcpu : {0, 1}) judge.on_event({ms(100 + 50 * round), std::nullopt, vcpu, sample});
  }
  EXPECT_TRUE(judge.decided());
  EXPECT_FALSE(judge.suspicion().has_value());
  const Judgement judgement = judge.judgement();
  ASSERT_EQ(judgement.verdict, Verdict::deadlock);
  EXPECT_EQ(judgement.findings.front().kind, FindingKind::cross_vcpu);
  const auto& cycle = judgement.findings.front().cycle;
  ASSERT_EQ(cycle.size(), 2U);
  // Edge i waits for what the waiter of edge i+1 owns.
  EXPECT_EQ(cycle[0].owner_vcpu, cycle[1].waiter_vcpu);
  EXPECT_EQ(cycle[1].owner_vcpu, cycle[0].waiter_vcpu);
}

// vCPU 1 waits in task context for vCPU 0; an interrupt on vCPU 1 is no obstacle for vCPU 0.
TEST(Deadlock, AWaiterOfAnotherVcpuIsNoCycle) {
  Stream stream;
  stream.begin().open(0).fault(1, RS_CTX_TASK).fault(1, kIrq);
  Judge judge;
  for (const Event& event : stream.events) judge.on_event(event);
  EXPECT_FALSE(judge.suspicion().has_value());
}

// The owner took its lock in an interrupt; what its task below waits for does not hold it up.
TEST(Deadlock, AWaitBelowTheOwnersContextIsNoCycle) {
  Stream stream;
  stream.begin();
  stream.want(1, RS_CTX_TASK, kUpdatePc, kOtherLock).got(1, RS_CTX_TASK, kUpdatePc, kOtherLock);
  stream.want(0, RS_CTX_TASK, kFaultPc, kOtherLock);        // task on 0 waits for 1
  stream.want(0, kIrq, kUpdatePc).got(0, kIrq, kUpdatePc);  // interrupt on 0 owns kLock
  stream.want(1, RS_CTX_TASK, kFaultPc);                    // 1 waits for the interrupt: will get it
  Judge judge;
  for (const Event& event : stream.events) judge.on_event(event);
  EXPECT_FALSE(judge.suspicion().has_value());
}

TEST(Deadlock, OneLookIsNoProof) {
  Stream stream;
  stream.begin().self_cycle().sample(0, Stream::spinning(0, 10'000'000)).pass(5000);
  stream.milestone(LifecycleEvent::What::no_progress);
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::hang);
  EXPECT_THAT(notes_of(judgement), HasSubstr("not proven"));
}

TEST(Deadlock, AWaiterThatGotTheLockBetweenTheLooksIsNone) {
  Stream stream;
  stream.begin().open(0).fire("irq", 1, 0).enter(0, kIrq, 1).fault(0, kIrq);
  stream.sample(0, Stream::spinning(0, 10'000'000)).pass(20);
  stream.recover(0, kIrq).leave(0, kIrq, 1).pass(20);
  stream.sample(0, Stream::spinning(1, 50'000'000));
  stream.close(0).done();
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::clean) << judgement.reasons.front();
  EXPECT_THAT(notes_of(judgement), HasSubstr("came to nothing"));
}

TEST(Deadlock, ALockThatDissolvesAfterTheProofTakesItBack) {
  Stream stream;
  stream.begin().self_cycle().two_looks();
  stream.recover(0, kIrq).leave(0, kIrq, 1).close(0).done();
  const Judgement judgement = judge(stream.events);
  EXPECT_NE(judgement.verdict, Verdict::deadlock);
  EXPECT_THAT(notes_of(judgement), HasSubstr("looked proven"));
}

// Each near miss: a change to the samples that must keep the suspicion from becoming a proof.
struct NearMiss {
  const char* name;
  void (*change)(SampleEvent& first, SampleEvent& second);
  const char* note;
};

class NearMisses : public testing::TestWithParam<NearMiss> {};

TEST_P(NearMisses, AreNotDeadlocks) {
  SampleEvent first = Stream::spinning(0, 10'000'000);
  SampleEvent second = Stream::spinning(1, 55'000'000);
  GetParam().change(first, second);
  Stream stream;
  stream.begin().self_cycle().sample(0, first).pass(50).sample(0, second).pass(5000);
  stream.milestone(LifecycleEvent::What::no_progress);
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::hang);
  EXPECT_THAT(notes_of(judgement), HasSubstr(GetParam().note));
}

INSTANTIATE_TEST_SUITE_P(
    Samples, NearMisses,
    testing::Values(
        NearMiss{"held", [](SampleEvent& a, SampleEvent& b) { a.held_by_harness = b.held_by_harness = true; },
                 "held by the harness"},
        NearMiss{"held_once", [](SampleEvent&, SampleEvent& b) { b.held_by_harness = true; }, "held by the harness"},
        NearMiss{"halted", [](SampleEvent&, SampleEvent& b) { b.halted = true; }, "halted"},
        NearMiss{"user", [](SampleEvent&, SampleEvent& b) { b.user_mode = true; }, "user mode"},
        NearMiss{"word_zero",
                 [](SampleEvent&, SampleEvent& b) {
                   b.lock_words = {{kLock, 0}};
                 },
                 "was free"},
        NearMiss{"word_zero_at_first",
                 [](SampleEvent& a, SampleEvent&) {
                   a.lock_words = {{kLock, 0}};
                 },
                 "was free"},
        NearMiss{"no_word", [](SampleEvent&, SampleEvent& b) { b.lock_words.clear(); }, "could not be read"},
        NearMiss{"did_not_run",
                 [](SampleEvent& a, SampleEvent& b) { b.cpu_time_ns = a.cpu_time_ns + kProofRun.count() - 1; },
                 "hardly ran"},
        NearMiss{"clock_back", [](SampleEvent& a, SampleEvent& b) { b.cpu_time_ns = a.cpu_time_ns - 1; }, "hardly ran"},
        NearMiss{"elsewhere",
                 [](SampleEvent& a, SampleEvent& b) {
                   a.backtrace = b.backtrace = {{Gva{0xffffffff81600000}, "default_idle", 4}};
                 },
                 "does not go through rs_vmemmap_fault"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

// One of the looks hit a tick: the unwinder stopped at its entry. The other shows the wait.
TEST(Deadlock, OneGoodBacktraceOfTwoIsEnough) {
  SampleEvent second = Stream::spinning(1, 55'000'000);
  second.backtrace = {{Gva{0xffffffff81700000}, "hrtimer_interrupt", 16}};
  Stream stream;
  stream.begin().self_cycle().sample(0, Stream::spinning(0, 10'000'000)).pass(50).sample(0, second);
  const Judgement judgement = judge(stream.events);
  ASSERT_EQ(judgement.verdict, Verdict::deadlock);
  EXPECT_EQ(judgement.findings.front().samples.front().backtrace.front().symbol, "rs_vmemmap_fault");
}

TEST(Deadlock, WithoutSymbolsTheRestMustDo) {
  Stream stream;
  stream.begin().self_cycle();
  std::erase_if(stream.events, [](const Event& event) { return std::holds_alternative<SymbolEvent>(event.body); });
  for (const unsigned round : {0U, 1U}) {
    SampleEvent sample = Stream::spinning(round, 10'000'000 + round * 40'000'000ULL);
    for (Frame& frame : sample.backtrace) frame.symbol.clear();
    stream.sample(0, sample).pass(50);
  }
  EXPECT_EQ(judge(stream.events).verdict, Verdict::deadlock);
}

// A waiter that we hold is asked about again once we let go.
TEST(Deadlock, ASuspicionIsRaisedAgainUntilItIsProven) {
  Stream stream;
  stream.begin().self_cycle();
  Judge judge;
  for (const Event& event : stream.events) judge.on_event(event);
  std::uint64_t last = 0;
  unsigned asked = 0;
  for (unsigned pair = 0; pair < 100; ++pair) {
    const auto suspicion = judge.suspicion();
    if (!suspicion) break;
    EXPECT_GT(suspicion->id, last);
    last = suspicion->id;
    ++asked;
    for (const unsigned round : {2 * pair, 2 * pair + 1}) {
      SampleEvent sample = Stream::spinning(round, 10'000'000 + round * 40'000'000ULL);
      sample.held_by_harness = true;
      judge.on_event({ms(100 + 50 * round), std::nullopt, 0, sample});
    }
  }
  EXPECT_EQ(asked, 20U);  // bounded
  Stream after;
  after.pass(20'000).ended("hold", 9, 0, ms(10), ms(10));
  judge.on_event(after.events.front());
  ASSERT_TRUE(judge.suspicion().has_value());
  EXPECT_GT(judge.suspicion()->id, last);
  for (const unsigned round : {900U, 901U}) {
    judge.on_event({ms(30'000 + 50.0 * round), std::nullopt, 0, Stream::spinning(round, round * 40'000'000ULL)});
  }
  EXPECT_TRUE(judge.decided());
}

TEST(Deadlock, StoppingTheGuestAfterTheProofIsNoError) {
  Stream stream;
  stream.begin().self_cycle().two_looks().pass(1);
  stream.milestone(LifecycleEvent::What::host_failure, "KVM_RUN: interrupted").milestone(LifecycleEvent::What::end);
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::deadlock);
  EXPECT_THAT(notes_of(judgement), HasSubstr("afterwards"));
}

TEST(Deadlock, ACorruptLogBeforeTheProofSpoilsIt) {
  Stream stream;
  stream.begin().milestone(LifecycleEvent::What::ring_corrupt, "vCPU 1").self_cycle().two_looks();
  EXPECT_EQ(judge(stream.events).verdict, Verdict::error);
}

// A task-context waiter was moved to another vCPU before it took the lock.
TEST(Deadlock, AMigratedWaiterLeavesNoTrace) {
  Stream stream;
  stream.begin().want(0, RS_CTX_TASK, kUpdatePc).got(1, RS_CTX_TASK, kUpdatePc);
  stream.want(0, RS_CTX_TASK, kFaultPc);
  Judge judge;
  for (const Event& event : stream.events) judge.on_event(event);
  EXPECT_FALSE(judge.suspicion().has_value());
}

}  // namespace
}  // namespace remapstorm
