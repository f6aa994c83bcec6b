// SPDX-License-Identifier: Apache-2.0
#include "cli/scenario_words.h"

#include <gtest/gtest.h>

#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {
namespace {

Trigger at_break() {
  Trigger trigger;
  trigger.pattern.probe = RS_PROBE_BBM_BREAK;
  return trigger;
}

TEST(TriggerInWords, Probes) {
  EXPECT_EQ(trigger_in_words(at_break()), "when bbm.break fires");
  Trigger trigger = at_break();
  trigger.pattern.vcpu = 1;
  trigger.pattern.context = Context::hardirq;
  trigger.pattern.where = {{3, RS_LEVEL_PMD}, {0, 0xffff0000}};
  trigger.nth = 22;
  trigger.max = 1;
  trigger.after = "first";
  EXPECT_EQ(trigger_in_words(trigger),
            "when bbm.break fires on vCPU 1 in hardirq context with level 2 and addr 0xffff0000, once rule first has "
            "fired, the 22nd time only, at most 1 time");
}

TEST(TriggerInWords, PlacesAndChances) {
  Trigger trigger;
  trigger.pattern.at = "vmemmap_remap_pte+0x1c";
  trigger.probability = 0.25;
  EXPECT_EQ(trigger_in_words(trigger), "when execution reaches vmemmap_remap_pte+0x1c, with a chance of 25 %");
  trigger.probability = -1;
  trigger.every = 3;
  EXPECT_EQ(trigger_in_words(trigger), "when execution reaches vmemmap_remap_pte+0x1c, every 3rd time");
}

TEST(ActionInWords, Parameters) {
  InjectionSpec action;
  action.injector = "hold";
  action.parameters.values["for_ms"] = Nanoseconds(std::chrono::milliseconds(250));
  action.parameters.values["mode"] = std::string("hard");
  action.parameters.values["vcpu"] = kHitVcpu;
  EXPECT_EQ(action_in_words(action), "inject hold: for_ms 250 ms, mode hard, vcpu the vCPU that was hit");
}

TEST(ExpectationInWords, NamesTheEvidence) {
  Expectation expectation;
  expectation.verdict = Verdict::deadlock;
  expectation.lock = "init_mm.page_table_lock";
  expectation.waiter_context = Context::hardirq;
  EXPECT_EQ(expectation_in_words(expectation),
            "deadlock; the lock is init_mm.page_table_lock; the waiter is in hardirq context");
}

TEST(DurationInWords, PicksAUnit) {
  EXPECT_EQ(duration_in_words(std::chrono::milliseconds(1500)), "1.5 s");
  EXPECT_EQ(duration_in_words(std::chrono::milliseconds(250)), "250 ms");
  EXPECT_EQ(duration_in_words(std::chrono::microseconds(10)), "10 us");
}

TEST(Wrapped, KeepsParagraphsAndWidth) {
  EXPECT_EQ(wrapped("one two three", 2, 9), "  one two\n  three\n");
  EXPECT_EQ(wrapped("one\ntwo\n\nthree\n", 2, 80), "  one two\n\n  three\n");
  EXPECT_EQ(wrapped("", 2, 80), "");
  EXPECT_EQ(wrapped("averylongword x", 0, 5), "averylongword\nx\n");
}

}  // namespace
}  // namespace remapstorm
