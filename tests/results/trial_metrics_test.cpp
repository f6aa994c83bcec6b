// SPDX-License-Identifier: Apache-2.0
// Results of made-up trials in metrics.
#include "results/trial_metrics.h"

#include <gtest/gtest.h>

#include "tests/telemetry/metrics_fixture.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TrialResult deadlocked(bool ok) {
  Stream stream;
  stream.begin().self_cycle().two_looks();
  RecordedPlan plan;
  plan.expectation.verdict = ok ? Verdict::deadlock : Verdict::clean;
  TrialResult result = conclude(plan, judge(stream.events));
  result.boot_time = milliseconds(30);
  result.duration = milliseconds(400);
  return result;
}

class TrialMetrics : public testing::Test {
 protected:
  [[nodiscard]] std::string value(const std::string& name, const std::string& more = {}) const {
    const auto all = samples(metrics_);
    const auto found = all.find(of_trial("remapstorm_" + name, more));
    return found == all.end() ? "absent" : found->second;
  }
  [[nodiscard]] std::string plain(const std::string& sample) const {
    const auto all = samples(metrics_);
    const auto found = all.find(sample);
    return found == all.end() ? "absent" : found->second;
  }

  Metrics metrics_;
  ManualClock clock_;
};

TEST_F(TrialMetrics, CountersForAlertsExistBeforeTheFirstTrial) {
  Plan plan;
  plan.scenario = "irq-same-cpu";
  plan.strategy = "bbm-fault";
  plan.flavour = "std";
  plan.host = {"kvm-interpreting", "KVM API 12", "6.1.0", "Some CPU", "x86_64"};
  plan.guest.kernel_version = "6.12.117";
  plan.guest.hash = "0123456789abcdef";
  plan.expectation.verdict = Verdict::deadlock;
  describe_plan(metrics_, plan);
  describe_program(metrics_, "0.1.0", 1'700'000'000);
  EXPECT_EQ(value("trials_total", R"(verdict="deadlock",expected="yes")"), "0");
  for (const char* verdict :
       {"clean", "deadlock", "stall", "oops", "lockdep", "bug", "lost-update", "hang", "timeout", "error", "not-run"}) {
    EXPECT_EQ(value("trials_total", std::string("verdict=\"") + verdict + "\",expected=\"no\""), "0") << verdict;
  }
  EXPECT_EQ(value("trials_total", R"(verdict="clean",expected="yes")"), "absent");
  EXPECT_EQ(value("trial_errors_total", R"(kind="host")"), "0");
  EXPECT_EQ(
      plain(R"(remapstorm_host_info{host="kvm-interpreting",architecture="x86_64",cpu="Some CPU",kernel="6.1.0"})"),
      "1");
  EXPECT_EQ(plain(R"(remapstorm_guest_info{flavour="std",kernel="6.12.117",image="0123456789ab"})"), "1");
  EXPECT_EQ(plain("remapstorm_start_time_seconds"), "1700000000");
}

TEST_F(TrialMetrics, VerdictsLengthsAndFindings) {
  TrialCounter counter(metrics_, clock_);
  clock_.advance(seconds(2));
  counter.count(kLabels, deadlocked(true), 1'700'000'001);
  clock_.advance(seconds(2));
  TrialResult second = deadlocked(false);
  second.booted = true;
  counter.count(kLabels, second, 1'700'000'003);
  EXPECT_EQ(value("trials_total", R"(verdict="deadlock",expected="yes")"), "1");
  EXPECT_EQ(value("trials_total", R"(verdict="deadlock",expected="no")"), "1");
  EXPECT_EQ(value("findings_total", R"(verdict="deadlock",class="self-hardirq")"), "2");
  EXPECT_EQ(value("guest_boot_seconds_sum", R"(start="snapshot")"), "0.03");
  EXPECT_EQ(value("guest_boot_seconds_count", R"(start="boot")"), "1");
  EXPECT_EQ(value("trial_seconds_sum"), "0.8");
  EXPECT_EQ(value("last_trial_timestamp_seconds"), "1700000003");
  EXPECT_EQ(plain("remapstorm_trials_per_second"), "0.5");
  EXPECT_EQ(value("trial_errors_total", R"(kind="host")"), "absent");
}

TEST_F(TrialMetrics, ErrorsByWhoseTheyAre) {
  TrialCounter counter(metrics_, clock_);
  counter.count(kLabels, did_not_run("irq-same-cpu", Overrides{}, unavailable_error("no KVM")), 1);
  counter.count(kLabels, did_not_run("irq-same-cpu", Overrides{}, host_error("disk full")), 1);
  Stream stream;
  stream.begin().milestone(LifecycleEvent::What::host_failure, "KVM_RUN failed");
  counter.count(kLabels, conclude(RecordedPlan{}, judge(stream.events)), 1);
  Stream unready;
  unready.add(PlanEvent{"{}"}).milestone(LifecycleEvent::What::boot);
  counter.count(kLabels, conclude(RecordedPlan{}, judge(unready.events)), 1);
  EXPECT_EQ(value("trials_total", R"(verdict="not-run",expected="no")"), "2");
  EXPECT_EQ(value("trials_total", R"(verdict="error",expected="no")"), "2");
  EXPECT_EQ(value("trial_errors_total", R"(kind="unavailable")"), "1");
  EXPECT_EQ(value("trial_errors_total", R"(kind="host")"), "2");
  EXPECT_EQ(value("trial_errors_total", R"(kind="guest")"), "1");
  EXPECT_EQ(value("findings_total", R"(verdict="error",class="host-failure")"), "1");
  EXPECT_EQ(value("trial_seconds_count"), "absent");
}

TEST_F(TrialMetrics, AnExploredTrialIsJudgedByItsEvents) {
  TrialCounter counter(metrics_, clock_);
  Stream stream;
  stream.begin().self_cycle().two_looks();
  Plan plan;
  plan.scenario = "explore-bbm-pte";
  plan.strategy = "bbm-fault";
  plan.flavour = "std";
  plan.cpus = 2;
  plan.memory = 128ULL << 20;
  stream.events.front().body = PlanEvent{plan_json(plan, 0)};
  ExploredTrial trial;
  trial.verdict = Verdict::deadlock;
  trial.duration = milliseconds(90);
  counter.count(kLabels, trial, stream.events, 1);
  EXPECT_EQ(value("trials_total", R"(verdict="deadlock",expected="yes")"), "1");
  EXPECT_EQ(value("findings_total", R"(verdict="deadlock",class="self-hardirq")"), "1");
  EXPECT_EQ(value("trial_seconds_sum"), "0.09");
  counter.count(kLabels, SkippedPoint{{3, "irq", std::nullopt}, "the machine failed"});
  EXPECT_EQ(value("trial_errors_total", R"(kind="host")"), "1");
}

TEST_F(TrialMetrics, WhatCameBeforeTheWindowOpenedIsContextOnly) {
  const Nanoseconds opened = seconds(20);
  const std::array<std::uint64_t, 4> lock = {0xffffffff82000100, RS_LOCK_INIT_MM_PAGE_TABLE, 0, 0};
  const auto at = [](Nanoseconds time, std::uint16_t number, std::array<std::uint64_t, 4> args) {
    Event event = probe(number, 0, time, args);
    event.time = time;
    return event;
  };
  const std::vector<Event> events = {
      event_at(opened, -1, PlanEvent{"{}"}),
      at(seconds(12), RS_PROBE_FAULT_ENTER, {}),
      at(opened - milliseconds(2), RS_PROBE_LOCK_GOT, lock),
      event_at(opened, -1, ResetEvent{Nanoseconds(70'000), 12}),
      at(opened + milliseconds(1), RS_PROBE_LOCK_DROP, lock),
  };
  fold_explored(metrics_, clock_, kLabels, events, opened);
  EXPECT_EQ(value("vmemmap_faults_total", R"(context="task")"), "0");
  EXPECT_EQ(value("lock_hold_seconds_sum", R"(context="task",lock="init_mm.page_table_lock",injected="no")"), "0.003");
  EXPECT_EQ(value("resets_total", R"(how="in-place")"), "1");
}

}  // namespace
}  // namespace remapstorm
