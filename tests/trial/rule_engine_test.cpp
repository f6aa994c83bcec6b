// SPDX-License-Identifier: Apache-2.0
#include "trial/rule_engine.h"

#include <gmock/gmock.h>

#include "tests/injectors/fake_guest.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::ElementsAre;

class Kept final : public EventSink {
 public:
  void on_event(const Event& event) override { events.push_back(event); }
  template <typename Body>
  [[nodiscard]] std::vector<Body> all() const {
    std::vector<Body> found;
    for (const Event& event : events) {
      if (const auto* body = std::get_if<Body>(&event.body)) found.push_back(*body);
    }
    return found;
  }
  std::vector<Event> events;
};

Rule interrupt_at_break(const std::string& name, const std::string& injector = "irq") {
  Rule rule;
  rule.name = name;
  rule.when.pattern.probe = RS_PROBE_BBM_BREAK;
  rule.action.injector = injector;
  rule.action.parameters.values["vcpu"] = kHitVcpu;
  rule.action.parameters.values["via"] = std::string("msi");
  rule.action.parameters.values["action"] = std::string("read-struct-page");
  return rule;
}

class RuleEngineTest : public testing::Test {
 protected:
  Result<std::unique_ptr<RuleEngine>> engine() { return RuleEngine::create(plan, 0, log); }
  static Candidate at_break(int vcpu) {
    ProbeEvent probe;
    probe.probe = RS_PROBE_BBM_BREAK;
    return {vcpu, kUpdatePc, probe};
  }
  RuleEngine::Place place() {
    return {"bbm.break", [this] {
              ++disassembled;
              return std::vector<DisassembledLine>{{kUpdatePc, "90", "nop", true}};
            }};
  }

  ManualClock clock;
  Kept kept;
  EventLog log{clock, {&kept}};
  FakeGuest guest;
  Plan plan;
  unsigned disassembled = 0;
};

TEST_F(RuleEngineTest, AnInjectorThatNobodyHasIsRefusedByName) {
  plan.rules = {interrupt_at_break("first", "meteor")};
  const auto made = engine();
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::usage);
  EXPECT_THAT(made.error().message, testing::HasSubstr("first: no injector named meteor"));
}

TEST_F(RuleEngineTest, AHitAndItsReceiptAreLoggedAndKnownByToken) {
  plan.rules = {interrupt_at_break("first")};
  const auto made = engine();
  ASSERT_TRUE(made.ok());
  (*made)->on_candidate(at_break(1), place(), guest);
  ASSERT_EQ(guest.raised.size(), 1U);
  EXPECT_EQ(guest.raised.front(), std::pair(1U, InterruptKind::msi));
  const auto hits = kept.all<HitEvent>();
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].rule, "first");
  EXPECT_EQ(hits[0].where, "bbm.break");
  const auto receipts = kept.all<ReceiptEvent>();
  ASSERT_EQ(receipts.size(), 1U);
  EXPECT_EQ(receipts[0].target_vcpu, 1);
  EXPECT_EQ((*made)->rule_of(receipts[0].token), "first");
  EXPECT_EQ((*made)->rule_of(receipts[0].token + 1), "");
}

TEST_F(RuleEngineTest, OnlyTheFirstHitOfARuleIsDisassembled) {
  plan.rules = {interrupt_at_break("first")};
  plan.rules[0].when.every = 1;
  const auto made = engine();
  ASSERT_TRUE(made.ok());
  for (int i = 0; i < 3; ++i) (*made)->on_candidate(at_break(0), place(), guest);
  EXPECT_EQ(kept.all<HitEvent>().size(), 3U);
  EXPECT_EQ(disassembled, 1U);
}

TEST_F(RuleEngineTest, ALengthIsDrawnForEachTrialAndTheSameForTheSameOne) {
  Rule rule = interrupt_at_break("first", "hold");
  rule.action.parameters.values = {{"for_ms", Nanoseconds(1'000'000)}, {"up_to_ms", Nanoseconds(40'000'000)}};
  plan.rules = {rule};
  const auto length_of = [&](std::uint64_t trial) {
    FakeGuest one;
    EXPECT_NE((*RuleEngine::create(plan, trial, log))->act(0, 1, at_break(0), place(), one), 0U);
    return one.holds.at(0).second.length;
  };
  Nanoseconds sum(0), least = std::chrono::hours(1), most(0);
  for (std::uint64_t trial = 0; trial < 1000; ++trial) {
    const Nanoseconds length = length_of(trial);
    EXPECT_EQ(length, length_of(trial));
    sum += length;
    least = std::min(least, length);
    most = std::max(most, length);
  }
  EXPECT_GE(least, Nanoseconds(1'000'000));
  EXPECT_LT(least, Nanoseconds(2'000'000));
  EXPECT_GT(most, Nanoseconds(39'000'000));
  EXPECT_LE(most, Nanoseconds(40'000'000));
  EXPECT_NEAR(static_cast<double>(sum.count()) / 1e9, 20.5, 1.5);  // ms, the mean
}

TEST_F(RuleEngineTest, RulesActInTheirOrder) {
  plan.rules = {interrupt_at_break("first"), interrupt_at_break("second", "nmi")};
  const auto made = engine();
  ASSERT_TRUE(made.ok());
  (*made)->on_candidate(at_break(0), place(), guest);
  ASSERT_EQ(guest.raised.size(), 2U);
  EXPECT_EQ(guest.raised[0].second, InterruptKind::msi);
  EXPECT_EQ(guest.raised[1].second, InterruptKind::nmi);
}

// The guest refuses: nothing was injected, and the record says so.
TEST_F(RuleEngineTest, AnInjectionThatFailsIsAFailedReceipt) {
  class Refusing final : public GuestControl {
   public:
    [[nodiscard]] unsigned vcpu_count() const override { return 2; }
    std::uint32_t new_token() override { return 7; }
    Mailbox& mailbox() override { return under.mailbox(); }
    Status serror(unsigned, std::uint32_t, std::uint32_t) override { return {}; }
    Status external_abort(unsigned, Gva, std::uint32_t) override { return {}; }
    Status raise(unsigned, InterruptKind) override { return host_error("KVM_SIGNAL_MSI: no"); }
    Status hold(unsigned, const HoldRequest&) override { return host_error("no"); }
    Status delay_page(Gpa, Nanoseconds, std::uint32_t) override { return host_error("no"); }
    [[nodiscard]] Result<MappedPage> translate(unsigned, Gva) override { return host_error("no"); }
    FakeGuest under;
  } refusing;
  plan.rules = {interrupt_at_break("first")};
  const auto made = engine();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((*made)->act(0, 1, at_break(0), place(), refusing), 0U);
  const auto receipts = kept.all<ReceiptEvent>();
  ASSERT_EQ(receipts.size(), 1U);
  EXPECT_EQ(receipts[0].phase, ReceiptEvent::Phase::failed);
  EXPECT_THAT(receipts[0].detail, testing::HasSubstr("KVM_SIGNAL_MSI"));
  EXPECT_EQ((*made)->rule_of(7), "");
}

TEST_F(RuleEngineTest, AnotherMomentIsNone) {
  plan.rules = {interrupt_at_break("first")};
  const auto made = engine();
  ASSERT_TRUE(made.ok());
  Candidate other = at_break(0);
  other.probe->probe = RS_PROBE_BBM_MAKE;
  (*made)->on_candidate(other, place(), guest);
  EXPECT_TRUE(guest.raised.empty());
  EXPECT_TRUE(kept.events.empty());
}

}  // namespace
}  // namespace remapstorm
