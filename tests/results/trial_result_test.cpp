// SPDX-License-Identifier: Apache-2.0
#include "results/trial_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

Judgement deadlock() {
  Stream stream;
  stream.begin().self_cycle().two_looks();
  return judge(stream.events);
}

// `asked`: how long the delay was to be; what it was longer than that is the host's lateness.
Judgement stall(double length, double asked = 250) {
  Stream stream;
  stream.begin().open(0).fire("stage2-delay", 1, -1, ms(asked)).pass(length);
  stream.ended("stage2-delay", 1, -1, ms(asked), ms(length)).close(0).done();
  return judge(stream.events);
}

RecordedPlan expecting(const Expectation& expectation) {
  RecordedPlan plan;
  plan.scenario = "mine";
  plan.expectation = expectation;
  return plan;
}

Expectation expect(Verdict verdict) {
  Expectation expectation;
  expectation.verdict = verdict;
  return expectation;
}

std::string differences(const Expectation& expectation, const Judgement& judgement) {
  const TrialResult result = conclude(expecting(expectation), judgement);
  EXPECT_EQ(result.ok, result.differences.empty());
  std::string all;
  for (const std::string& line : result.differences) all += line + "\n";
  return all;
}

TEST(Verdict, TheRightVerdictWithTheRightEvidenceIsOk) {
  Expectation expected = expect(Verdict::deadlock);
  expected.lock = "init_mm.page_table_lock";
  expected.waiter_context = Context::hardirq;
  expected.owner_context = Context::task;
  expected.waiter_vcpu = expected.owner_vcpu = 0;
  expected.backtrace = {"rs_vmemmap_fault", "vmemmap_update_pte"};
  expected.injections = {{"irq", 1}};
  EXPECT_EQ(differences(expected, deadlock()), "");
}

TEST(Verdict, AnotherVerdictIsTheOnlyNews) {
  Expectation expected = expect(Verdict::clean);
  expected.injections = {{"irq", 100}};
  EXPECT_EQ(differences(expected, deadlock()), "expected clean, got deadlock\n");
}

TEST(Verdict, WrongEvidenceIsNotOk) {
  const auto with = [](auto change) {
    Expectation expected = expect(Verdict::deadlock);
    change(expected);
    return differences(expected, deadlock());
  };
  EXPECT_THAT(with([](Expectation& e) { e.lock = "zone->lock"; }),
              HasSubstr("no wait of the cycle has lock zone->lock"));
  EXPECT_THAT(with([](Expectation& e) { e.waiter_context = Context::nmi; }), HasSubstr("vCPU 0 (hardirq) waits"));
  EXPECT_THAT(with([](Expectation& e) { e.owner_vcpu = 1; }), HasSubstr("owner on vCPU 1"));
  EXPECT_THAT(with([](Expectation& e) { e.backtrace = {"do_nothing"}; }), HasSubstr("goes through do_nothing"));
  EXPECT_THAT(with([](Expectation& e) { e.injections = {{"irq", 2}}; }), HasSubstr("irq fired 1 times"));
  EXPECT_THAT(with([](Expectation& e) { e.rules = {{"never", 1}}; }), HasSubstr("rule never fired 0 times"));
  EXPECT_THAT(with([](Expectation& e) { e.min_windows = 1; }), HasSubstr("0 windows closed"));
  EXPECT_THAT(with([](Expectation& e) { e.min_faults = 2; }), HasSubstr("1 faults"));
}

TEST(Verdict, AStallMustBeAsLongAsAsked) {
  Expectation expected = expect(Verdict::stall);
  expected.stall = ms(250);
  expected.stall_tolerance = 0.1;
  EXPECT_EQ(differences(expected, stall(251)), "");
  EXPECT_EQ(differences(expected, stall(230)), "");
  EXPECT_THAT(differences(expected, stall(280, 280)), HasSubstr("not within 10 % of 250.000 ms"));
  EXPECT_THAT(differences(expected, stall(200)), HasSubstr("the stall took 200.0"));
  EXPECT_EQ(differences(expected, stall(280)), "") << "the delay ended late: the host's time, not the guest's";
  Judgement busy = stall(400, 400);
  busy.findings.front().starved = ms(140);
  EXPECT_EQ(differences(expected, busy), "") << "the host's share is not the guest's";
}

TEST(Verdict, ADelayMustBeExact) {
  Expectation expected = expect(Verdict::stall);
  expected.delay_tolerance = ms(1);
  EXPECT_EQ(differences(expected, stall(250.9)), "");
  EXPECT_THAT(differences(expected, stall(251.2)), HasSubstr("off by 1.200 ms"));
  EXPECT_THAT(differences(expected, stall(248.5)), HasSubstr("off by 1.500 ms"));
  expected.verdict = Verdict::deadlock;
  EXPECT_THAT(differences(expected, deadlock()), HasSubstr("no stage-2 delay was measured"));
}

TEST(Verdict, AReportMustSayWhatIsExpected) {
  Stream stream;
  stream.begin().console("[ 1.0] WARNING: inconsistent lock state").console("[ 1.0] inconsistent {HARDIRQ-ON-W} usage");
  const Judgement judgement = judge(stream.events);
  Expectation expected = expect(Verdict::lockdep);
  expected.console = "{HARDIRQ-ON-W}";
  EXPECT_EQ(differences(expected, judgement), "");
  expected.console = "circular";
  EXPECT_THAT(differences(expected, judgement), HasSubstr("does not say \"circular\""));
}

TEST(Verdict, AFailureOfOursIsNeverOk) {
  Stream stream;
  stream.begin().milestone(LifecycleEvent::What::host_failure, "x");
  EXPECT_FALSE(conclude(expecting(expect(Verdict::error)), judge(stream.events)).ok);
}

TEST(Verdict, WhatDidNotRunHasNoVerdict) {
  const TrialResult result = did_not_run("mine", {}, unavailable_error("no /dev/kvm", "load kvm"));
  EXPECT_FALSE(result.verdict.has_value());
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.reasons.front(), "no /dev/kvm");
}

TEST(Verdict, Interruption) {
  Stream stream;
  stream.begin().milestone(LifecycleEvent::What::interrupted);
  EXPECT_TRUE(conclude(expecting(expect(Verdict::clean)), judge(stream.events)).interrupted);
  EXPECT_FALSE(conclude(expecting(expect(Verdict::clean)), deadlock()).interrupted);
}

TEST(VerdictNames, GoBothWays) {
  for (int i = 0; i <= static_cast<int>(Verdict::error); ++i) {
    const auto verdict = static_cast<Verdict>(i);
    EXPECT_EQ(verdict_from_name(verdict_name(verdict)), verdict);
  }
  EXPECT_FALSE(verdict_from_name("dead").has_value());
}

}  // namespace
}  // namespace remapstorm
