// SPDX-License-Identifier: Apache-2.0
// The supervisor with a machine that is made up, and time that only that machine lets pass.
#include "trial/supervisor.h"

#include <gmock/gmock.h>

#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using namespace std::chrono_literals;
using What = LifecycleEvent::What;

// What was logged, for the judge and for the test.
class Heard final : public EventSink {
 public:
  void on_event(const Event& event) override {
    judge.on_event(event);
    if (const auto* one = std::get_if<LifecycleEvent>(&event.body)) milestones.push_back(*one);
  }
  [[nodiscard]] bool heard(What what) const {
    return std::any_of(milestones.begin(), milestones.end(), [&](const auto& one) { return one.what == what; });
  }

  Judge judge;
  std::vector<LifecycleEvent> milestones;
};

class FakeMachine final : public SupervisedMachine {
 public:
  FakeMachine(ManualClock& clock, EventLog& log) : clock_(clock), log_(log) {}

  MachineState turn(Nanoseconds longest) override {
    clock_.advance(longest);
    state.attended += longest;
    state.given += Nanoseconds(static_cast<std::int64_t>(static_cast<double>(longest.count()) * share));
    ++turns;
    if (on_turn) on_turn();
    return state;
  }
  void sample(const std::string& reason, unsigned round, const std::vector<Gva>& /*locks*/) override {
    samples.push_back(reason);
    sampled_at.push_back(log_.now());
    if (waiter_runs) waiter_cpu += 20ms;
    SampleEvent one = Stream::spinning(round, static_cast<std::uint64_t>(waiter_cpu.count()));
    one.reason = reason;
    log_.add(0, std::move(one));
  }
  Nanoseconds ran_since_sample(const std::vector<int>& /*vcpus*/) override {
    return waiter_runs ? log_.now() - sampled_at.back() : Nanoseconds(0);
  }
  [[nodiscard]] std::uint64_t console_written() const override { return console; }
  void milestone(What what, const std::string& detail) override { log_.milestone(what, detail); }
  [[nodiscard]] std::unique_lock<std::mutex> lock() override { return std::unique_lock(mutex_); }

  MachineState state;
  double share = 1;  // of the time that passes, what the host gives the guest
  bool waiter_runs = true;
  Nanoseconds waiter_cpu{0};
  std::uint64_t console = 0;
  unsigned turns = 0;
  std::function<void()> on_turn;
  std::vector<std::string> samples;
  std::vector<Nanoseconds> sampled_at;

 private:
  ManualClock& clock_;
  EventLog& log_;
  std::mutex mutex_;
};

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() {
    options.limits.timeout = 20s;
    options.limits.progress = 5s;
    options.boot_limit = 60s;
    machine.state.ready = true;
    log.add(-1, PlanEvent{"{\"schema\":1}"});
  }
  // Until the trial is over; a supervisor that lets one go on for longer than any limit hangs the test otherwise.
  Supervisor& run() {
    const auto scripted = machine.on_turn;
    machine.on_turn = [this, scripted] {
      if (log.now() > 1h) machine.state.dead = true;
      if (scripted) scripted();
    };
    supervisor.emplace(options, stop, machine, heard.judge, log);
    supervisor->run([this](const char* phase, Nanoseconds) { phases.insert(phase); });
    EXPECT_LT(log.now(), 1h) << "it never ended";
    return *supervisor;
  }
  void feed(const Stream& stream) {
    for (const Event& event : stream.events) log.add(event);
  }
  // A proven deadlock is all there is to see.
  void deadlock() {
    Stream stream;
    feed(stream.begin().self_cycle());
  }

  ManualClock clock;
  Heard heard;
  EventLog log{clock, {&heard}};
  FakeMachine machine{clock, log};
  std::atomic<bool> stop{false};
  SupervisorOptions options;
  std::optional<Supervisor> supervisor;
  std::set<std::string> phases;
};

TEST_F(SupervisorTest, ATrialThatIsDoneIsOver) {
  machine.on_turn = [&] { machine.state.done = machine.turns == 100; };
  const Supervisor& over = run();
  EXPECT_TRUE(over.state().done);
  EXPECT_FALSE(over.interrupted());
  EXPECT_EQ(machine.turns, 100U);
  EXPECT_TRUE(machine.samples.empty());
  EXPECT_THAT(phases, testing::ElementsAre("running"));
}

TEST_F(SupervisorTest, AnInterruptionEndsItAtOnceAndIsSaid) {
  machine.on_turn = [&] { stop = machine.turns == 3; };
  EXPECT_TRUE(run().interrupted());
  EXPECT_EQ(machine.turns, 3U);
  EXPECT_TRUE(heard.heard(What::interrupted));
}

TEST_F(SupervisorTest, AGuestThatStandsStillIsLookedAtAndIsOver) {
  run();
  EXPECT_TRUE(heard.heard(What::no_progress));
  EXPECT_THAT(machine.samples, testing::ElementsAre("no progress"));
  EXPECT_GE(log.now(), options.limits.progress);
  EXPECT_LT(log.now(), options.limits.progress + 100ms);
}

TEST_F(SupervisorTest, OneThatMovesHasTheWholeTime) {
  machine.on_turn = [&] { ++machine.state.moves; };
  run();
  EXPECT_FALSE(heard.heard(What::no_progress));
  EXPECT_TRUE(heard.heard(What::timeout));
  EXPECT_THAT(machine.samples, testing::ElementsAre("timeout"));
  EXPECT_GE(log.now(), options.limits.timeout);
}

TEST_F(SupervisorTest, WhoIsHeldByUsDoesNotStandStill) {
  machine.state.held = true;
  machine.on_turn = [&] { machine.state.held = log.now() < 12s; };
  run();
  EXPECT_TRUE(heard.heard(What::no_progress));
  EXPECT_GE(log.now(), 12s + options.limits.progress);
}

TEST_F(SupervisorTest, AGuestThatNeverComesUpHasItsOwnLimit) {
  machine.state.ready = false;
  run();
  ASSERT_TRUE(heard.heard(What::timeout));
  EXPECT_EQ(heard.milestones.back().detail, "the guest did not become ready");
  EXPECT_GE(log.now(), options.boot_limit);
  EXPECT_THAT(phases, testing::ElementsAre("booting"));
}

// The guest had a twentieth of the time, which is its host's trouble.
TEST_F(SupervisorTest, AStarvedGuestMakesNoVerdict) {
  machine.share = 0.05;
  run();
  EXPECT_TRUE(heard.heard(What::host_failure));
  EXPECT_FALSE(heard.heard(What::no_progress));
  EXPECT_FALSE(heard.heard(What::timeout));
  EXPECT_TRUE(machine.samples.empty());
  EXPECT_NE(heard.judge.judgement().verdict, Verdict::hang);
}

// SIGSTOP, suspend, a frozen group: the clock leaps, and nobody attended meanwhile.
TEST_F(SupervisorTest, AStoppedHarnessMakesNoVerdict) {
  machine.on_turn = [&] {
    if (machine.turns == 10) clock.advance(30min);
    machine.state.done = machine.turns == 50;
  };
  run();
  EXPECT_TRUE(machine.state.done);
  EXPECT_FALSE(heard.heard(What::no_progress));
  EXPECT_FALSE(heard.heard(What::timeout));
}

TEST_F(SupervisorTest, WhatIsCaughtIsOver) {
  machine.on_turn = [&] {
    if (machine.turns == 5) machine.state.caught = Candidate{0, kUpdatePc, std::nullopt};
  };
  EXPECT_EQ(run().state().caught->pc, kUpdatePc);
}

TEST_F(SupervisorTest, ASuspicionIsProvenByTwoLooks) {
  machine.on_turn = [&] {
    if (machine.turns == 2) deadlock();
  };
  run();
  EXPECT_EQ(heard.judge.judgement().verdict, Verdict::deadlock);
  EXPECT_THAT(machine.samples, testing::ElementsAre("suspected deadlock", "suspected deadlock"));
  EXPECT_GE(machine.sampled_at[1] - machine.sampled_at[0], options.enough);
}

// Its thread is ready and does not run: two looks, and nothing is proven by them.
TEST_F(SupervisorTest, AWaiterThatDoesNotRunProvesNothing) {
  machine.waiter_runs = false;
  machine.on_turn = [&] {
    if (machine.turns == 2) deadlock();
  };
  run();
  EXPECT_NE(heard.judge.judgement().verdict, Verdict::deadlock);
  ASSERT_GE(machine.samples.size(), 2U);
  EXPECT_GE(machine.sampled_at[1] - machine.sampled_at[0], options.gap);
}

TEST_F(SupervisorTest, AnInterruptionIsNotKeptWaitingByASuspicion) {
  machine.waiter_runs = false;
  options.gap = 1h;
  machine.on_turn = [&] {
    if (machine.turns == 2) deadlock();
    if (machine.turns == 4) stop = true;
  };
  EXPECT_TRUE(run().interrupted());
  EXPECT_LE(machine.turns, 6U);
}

TEST_F(SupervisorTest, ADeadlockedGuestMayEndItsLine) {
  machine.on_turn = [&] {
    if (machine.turns == 2) deadlock();
  };
  Supervisor& over = run();
  machine.on_turn = [&, began = machine.turns] {
    if (machine.turns < began + 100) ++machine.console;
  };
  machine.console = 1;
  const Nanoseconds since = log.now();
  EXPECT_TRUE(over.finish_console());
  EXPECT_GE(log.now() - since, 500ms);
  EXPECT_LT(log.now() - since, 2s);
}

TEST_F(SupervisorTest, AConsoleWithoutEndIsNotHeardForEver) {
  machine.on_turn = [&] {
    if (machine.turns == 2) deadlock();
  };
  Supervisor& over = run();
  machine.on_turn = [&] { ++machine.console; };
  machine.console = 1;
  const Nanoseconds since = log.now();
  EXPECT_TRUE(over.finish_console());
  EXPECT_LT(log.now() - since, 15s);
}

TEST_F(SupervisorTest, ADeadGuestIsNotWaitedFor) {
  machine.on_turn = [&] { machine.state.dead = machine.turns == 7; };
  run();
  EXPECT_EQ(machine.turns, 7U);
}

}  // namespace
}  // namespace remapstorm
