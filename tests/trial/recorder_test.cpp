// SPDX-License-Identifier: Apache-2.0
#include "trial/recorder.h"

#include <gmock/gmock.h>

#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using namespace std::chrono_literals;

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() { plan.scenario = "made-up"; }
  static Event probe_at(Nanoseconds guest_time) {
    ProbeEvent probe;
    probe.probe = RS_PROBE_LOCK_WANT;
    probe.pc = kUpdatePc;
    return {Nanoseconds(0), guest_time, 0, probe};
  }
  template <typename Body>
  static std::size_t count(const std::vector<Event>& events) {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [](const Event& event) { return std::holds_alternative<Body>(event.body); }));
  }

  ManualClock clock;
  Symbols symbols{{{"vmemmap_update_pte", Gva(kUpdatePc.value - 0x40), 0x80, true}}};
  Plan plan;
};

TEST_F(RecorderTest, ThePlanIsEventNought) {
  Recorder recorder(clock, symbols, plan, {});
  recorder.log_plan(3);
  ASSERT_EQ(recorder.kept().events().size(), 1U);
  const auto& event = std::get<PlanEvent>(recorder.kept().events()[0].body);
  EXPECT_THAT(event.json, testing::HasSubstr("\"made-up\""));
}

TEST_F(RecorderTest, TimeGoesOnFromASnapshot) {
  clock.advance(1h);
  Recorder recorder(clock, symbols, plan, {.now = 7s});
  clock.advance(1s);
  recorder.log_plan(0);
  EXPECT_EQ(recorder.kept().events()[0].time, 8s);
}

TEST_F(RecorderTest, AnAddressGetsItsNameOnceAlsoWhenItsStoryIsToldAgain) {
  Recorder first(clock, symbols, plan, {});
  first.replay(std::vector{probe_at(1ms), probe_at(2ms)}, TimeShift{{0s, 1h, 0s}, 0s});
  EXPECT_EQ(count<SymbolEvent>(first.kept().events()), 1U);
  Recorder again(clock, symbols, plan, {});
  again.replay(first.kept().events(), TimeShift{{0s, 1h, 0s}, 0s});
  EXPECT_EQ(count<SymbolEvent>(again.kept().events()), 1U);
  EXPECT_EQ(count<ProbeEvent>(again.kept().events()), 2U);
}

// What was logged behind the place where the guest was stopped was logged while the harness took it on.
TEST_F(RecorderTest, TimeStandsStillWhereTheGuestWasStopped) {
  Recorder recorder(clock, symbols, plan, {});
  recorder.replay(std::vector{probe_at(1ms), probe_at(2ms), probe_at(4ms)}, TimeShift{{0s, 3ms, 0s}, 5ms});
  std::vector<Nanoseconds> times;
  for (const Event& event : recorder.kept().events()) {
    if (event.guest_time) times.push_back(*event.guest_time);
  }
  EXPECT_THAT(times, testing::ElementsAre(6ms, 7ms, 8ms));
}

TEST_F(RecorderTest, WhoDoesNotKeepStillJudgesAndTells) {
  class Counting final : public EventSink {
   public:
    void on_event(const Event&) override { ++seen; }
    unsigned seen = 0;
  } other;
  Recorder recorder(clock, symbols, plan, {.keep = false, .sinks = {&other}});
  Stream stream;
  for (const Event& event : stream.begin().self_cycle().two_looks().events) recorder.log().add(event);
  EXPECT_TRUE(recorder.kept().events().empty());
  EXPECT_GE(other.seen, stream.events.size());
  EXPECT_EQ(recorder.judge().judgement().verdict, Verdict::deadlock);
}

}  // namespace
}  // namespace remapstorm
