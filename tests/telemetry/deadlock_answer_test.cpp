// SPDX-License-Identifier: Apache-2.0
// Deadlocks without a second lock: a vCPU that cannot answer, and a task that waits for itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telemetry/judge.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

constexpr std::uint32_t kOff = RS_CTX_TASK | RS_CTX_IRQS_OFF;
constexpr Gva kPending{0xffffffff82000400};

// vCPU 0 has the lock and waits for an answer of `asked`; vCPU 1 waits for the lock in `context`.
Stream crossed(std::uint64_t asked, std::uint32_t context, std::uint64_t answerer = 1) {
  Stream stream;
  stream.begin();
  stream.want(0, RS_CTX_TASK, kUpdatePc).got(0, RS_CTX_TASK | RS_CTX_PREEMPT_OFF, kUpdatePc);
  stream.want(1, context, kFaultPc);
  stream.probe(0, RS_PROBE_ANSWER_WANT, RS_CTX_TASK | RS_CTX_PREEMPT_OFF,
               {kPending.value, asked, kUpdatePc.value, answerer}, kUpdatePc);
  return stream;
}

void look(Judge& judge, const Stream& stream, unsigned round, std::uint32_t pending) {
  SampleEvent sample = Stream::spinning(round, 10'000'000 + round * 40'000'000ULL);
  sample.lock_words.emplace_back(kPending, pending);
  for (const int vcpu : {0, 1}) judge.on_event({stream.now() + ms(50 * round), std::nullopt, vcpu, sample});
}

Judgement judged_after_looks(const Stream& stream, std::uint32_t pending = 1) {
  Judge judge;
  for (const Event& event : stream.events) judge.on_event(event);
  for (const unsigned round : {0U, 1U}) look(judge, stream, round, pending);
  return judge.judgement();
}

TEST(DeadlockAnswer, WhoWaitsWithInterruptsOffAnswersNoIpi) {
  const Judgement judgement = judged_after_looks(crossed(RS_ASK_FLUSH | RS_ASK_BY_IPI, kOff));
  ASSERT_EQ(judgement.verdict, Verdict::deadlock);
  const auto& cycle = judgement.findings.front().cycle;
  ASSERT_EQ(cycle.size(), 2U);
  const WaitEdge& answer = cycle[0].answer ? cycle[0] : cycle[1];
  ASSERT_TRUE(answer.answer);
  EXPECT_EQ(answer.lock_name, "the TLB flush (by IPI) of vCPU 1");
  EXPECT_EQ(answer.waiter_vcpu, 0);
  EXPECT_EQ(answer.owner_vcpu, 1);
  EXPECT_TRUE(answer.owner_irqs_off);
  EXPECT_EQ(answer.lock, kPending);
  std::string detail;
  for (const std::string& line : judgement.findings.front().detail) detail += line + "\n";
  EXPECT_THAT(detail, HasSubstr("vCPU 1 owes the TLB flush (by IPI) of vCPU 1, and waits itself since"));
}

TEST(DeadlockAnswer, WithInterruptsOnItAnswersInTime) {
  EXPECT_NE(judged_after_looks(crossed(RS_ASK_PAUSE | RS_ASK_BY_IPI, RS_CTX_TASK)).verdict, Verdict::deadlock);
}

TEST(DeadlockAnswer, AnNmiIsAnsweredWithInterruptsOffButNotInAnNmiHandler) {
  EXPECT_NE(judged_after_looks(crossed(RS_ASK_PAUSE, kOff)).verdict, Verdict::deadlock);
  EXPECT_EQ(judged_after_looks(crossed(RS_ASK_PAUSE, RS_CTX_NMI | RS_CTX_IRQS_OFF)).verdict, Verdict::deadlock);
}

TEST(DeadlockAnswer, AnAnswerThatHasComeIsNoProof) {
  EXPECT_NE(judged_after_looks(crossed(RS_ASK_FLUSH | RS_ASK_BY_IPI, kOff), 0).verdict, Verdict::deadlock);
}

TEST(DeadlockAnswer, TheAnswerOrTheOtherGoingOnEndsTheSuspicion) {
  for (const bool answered : {true, false}) {
    Stream stream = crossed(RS_ASK_FLUSH | RS_ASK_BY_IPI, kOff);
    Judge judge;
    for (const Event& event : stream.events) judge.on_event(event);
    ASSERT_TRUE(judge.suspicion().has_value());
    const std::size_t before = stream.events.size();
    if (answered) {
      stream.probe(0, RS_PROBE_ANSWER_GOT, RS_CTX_TASK, {kPending.value, RS_ASK_FLUSH, 0, 1});
    } else {
      stream.probe(1, RS_PROBE_FAULT_DONE, RS_CTX_TASK, {kPage, 0, 1, 0});
    }
    for (std::size_t i = before; i < stream.events.size(); ++i) judge.on_event(stream.events[i]);
    EXPECT_FALSE(judge.suspicion().has_value()) << answered;
    for (const unsigned round : {0U, 1U}) look(judge, stream, round, 1);
    EXPECT_NE(judge.judgement().verdict, Verdict::deadlock) << answered;
  }
}

// The guest may name any vCPU, or itself.
TEST(DeadlockAnswer, AVcpuThatDoesNotExistOwesNothing) {
  for (const std::uint64_t answerer : {0ULL, 8ULL, 255ULL, ~0ULL}) {
    EXPECT_NE(judged_after_looks(crossed(RS_ASK_FLUSH | RS_ASK_BY_IPI, kOff, answerer)).verdict, Verdict::deadlock)
        << answerer;
  }
}

// Task `owner` of vCPU 0 takes a lock that sleeps, task `waiter` of the same vCPU then wants it.
Stream on_one_vcpu(std::uint64_t owner, std::uint64_t waiter) {
  Stream stream;
  stream.begin();
  const std::array<std::uint64_t, 4> by_owner = {kLock.value, RS_LOCK_INIT_MM_PAGE_TABLE, 0, owner};
  stream.probe(0, RS_PROBE_LOCK_WANT, RS_CTX_TASK, by_owner);
  stream.probe(0, RS_PROBE_LOCK_GOT, RS_CTX_TASK, by_owner);
  stream.probe(0, RS_PROBE_LOCK_WANT, RS_CTX_TASK, {kLock.value, RS_LOCK_INIT_MM_PAGE_TABLE, 0, waiter}, kFaultPc);
  return stream;
}

Judgement asleep(const Stream& stream, std::uint32_t word) {
  Judge judge;
  for (const Event& event : stream.events) judge.on_event(event);
  for (const unsigned round : {0U, 1U}) {
    SampleEvent sample = Stream::spinning(round, 10'000'000);  // it does not run at all
    sample.halted = true;
    sample.backtrace = {{Gva{0xffffffff81600000}, "default_idle", 9}};
    sample.lock_words = {{kLock, word}};
    judge.on_event({stream.now() + ms(50 * round), std::nullopt, 0, sample});
  }
  return judge.judgement();
}

TEST(DeadlockTask, WhoSleepsForWhatItHoldsItselfIsProvenAsleep) {
  const Judgement judgement = asleep(on_one_vcpu(77, 77), 0x81234500);
  ASSERT_EQ(judgement.verdict, Verdict::deadlock);
  EXPECT_EQ(judgement.findings.front().cycle.front().waiter_context, Context::task);
}

TEST(DeadlockTask, AFreeLockRefutesIt) { EXPECT_NE(asleep(on_one_vcpu(77, 77), 0).verdict, Verdict::deadlock); }

TEST(DeadlockTask, AnotherTaskOfTheSameVcpuWaitsForOneThatMayGoOn) {
  Judge judge;
  for (const Event& event : on_one_vcpu(77, 78).events) judge.on_event(event);
  EXPECT_FALSE(judge.suspicion().has_value());
  EXPECT_NE(asleep(on_one_vcpu(77, 78), 0x81234500).verdict, Verdict::deadlock);
}

}  // namespace
}  // namespace remapstorm
