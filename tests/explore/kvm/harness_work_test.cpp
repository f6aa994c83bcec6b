// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <thread>

#include "tests/explore/kvm/explored.h"
#include "trial/trial.h"

namespace remapstorm {
namespace {

// Writes down a hit so slowly that the window stays open for longer than any stall may last.
class SlowSink final : public EventSink {
 public:
  explicit SlowSink(Nanoseconds pause) : pause_(pause) {}
  void on_event(const Event& event) override {
    if (std::holds_alternative<HitEvent>(event.body)) std::this_thread::sleep_for(pause_);
    if (const auto* work = std::get_if<HarnessWorkEvent>(&event.body); work != nullptr && event.vcpu == 0) {
      longest_ = std::max(longest_, work->took);
    }
  }
  [[nodiscard]] Nanoseconds longest() const { return longest_; }

 private:
  Nanoseconds pause_;
  Nanoseconds longest_{0};
};

// vCPU 1 faults in the window meanwhile and waits: no stall of the guest's.
TEST(HarnessWork, IsToldAndMakesNoStall) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  Result<Plan> plan = explored.plan(asked("bbm-pte", "bbm-fault-irqsafe"));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  Rule rule;
  rule.name = "irq";
  rule.when.pattern.probe = RS_PROBE_BBM_BREAK;
  rule.when.nth = 2;
  rule.action.injector = "irq";
  rule.action.parameters.values["action"] = std::string("none");
  plan->rules.push_back(rule);
  const Nanoseconds pause = 2 * plan->limits.stall_threshold;
  SlowSink sink(pause);
  const Result<TrialResult> outcome =
      run_trial(explored.environment(), *plan, 0, {&sink}, [](const char*, Nanoseconds) {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->judgement.verdict, Verdict::clean)
      << (outcome->judgement.reasons.empty() ? "" : outcome->judgement.reasons.front());
  EXPECT_GE(sink.longest(), pause);
}

}  // namespace
}  // namespace remapstorm
