// SPDX-License-Identifier: Apache-2.0
#include "telemetry/spans.h"

#include <gtest/gtest.h>

#include "telemetry/statistics_collector.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

std::vector<Span> spans_of(const Stream& stream) {
  std::vector<Span> spans;
  SpanFinder finder([&](const Span& span) { spans.push_back(span); });
  for (const Event& event : stream.events) finder.fold(event);
  finder.finish();
  for (Span& span : spans) span = finder.on_host_line(span);
  return spans;
}

std::vector<Span> of_kind(const std::vector<Span>& spans, SpanKind kind) {
  std::vector<Span> some;
  for (const Span& span : spans) {
    if (span.kind == kind) some.push_back(span);
  }
  return some;
}

TEST(Spans, WindowsAndLocksEndWithTheEventThatMatches) {
  Stream stream;
  stream.begin().open().pass(3).close().done();
  const auto spans = spans_of(stream);
  const auto windows = of_kind(spans, SpanKind::window);
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_FALSE(windows[0].open);
  EXPECT_EQ(windows[0].vcpu, 0);
  EXPECT_EQ(windows[0].key, kPage);
  EXPECT_NEAR(static_cast<double>(windows[0].length().count()), 3e6, 1e4);
  // On the host's line, though the guest's clock is seven seconds ahead.
  EXPECT_LT(windows[0].end, ms(20));
  EXPECT_EQ(of_kind(spans, SpanKind::lock_held).size(), 1U);
  EXPECT_EQ(of_kind(spans, SpanKind::lock_wait).size(), 1U);
}

TEST(Spans, WhatNeverEndsReachesToTheLastEvent) {
  Stream stream;
  stream.begin().self_cycle().two_looks().milestone(LifecycleEvent::What::end);
  const auto spans = spans_of(stream);
  for (const SpanKind kind : {SpanKind::window, SpanKind::lock_held, SpanKind::fault, SpanKind::handler}) {
    const auto some = of_kind(spans, kind);
    ASSERT_EQ(some.size(), 1U) << span_kind_name(kind);
    EXPECT_TRUE(some[0].open) << span_kind_name(kind);
    EXPECT_EQ(some[0].end, stream.now()) << span_kind_name(kind);
  }
  // The owner's own wait ended, that of the interrupt did not.
  const auto waits = of_kind(spans, SpanKind::lock_wait);
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_FALSE(waits[0].open);
  EXPECT_TRUE(waits[1].open);
  EXPECT_EQ(RS_CTX_LEVEL(waits[1].context), RS_CTX_HARDIRQ);
}

// From clear to set, whatever bbm.break and bbm.make say: the flush and the probes themselves lie between.
TEST(Spans, AWindowIsFromClearToSet) {
  Stream stream;
  stream.begin();
  const Nanoseconds cleared = stream.guest_now() + ms(1);
  stream.pass(7).probe(0, RS_PROBE_BBM_BREAK, RS_CTX_TASK, {kPage, kEntry, 0x63, RS_LEVEL_PTE}).pass(0.2);
  stream.probe(0, RS_PROBE_BBM_MAKE, RS_CTX_TASK, {kPage, kEntry, 0x61, RS_LEVEL_PTE}).pass(0.5);
  const Nanoseconds set = stream.guest_now() - ms(0.1);
  stream.probe(
      0, RS_PROBE_BBM_WINDOW, RS_CTX_TASK,
      {kPage, static_cast<std::uint64_t>(cleared.count()), static_cast<std::uint64_t>(set.count()), RS_LEVEL_PMD});
  stream.done();
  const auto windows = of_kind(spans_of(stream), SpanKind::window);
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_EQ(windows[0].length(), set - cleared);
  EXPECT_GT(windows[0].length(), ms(6)) << "not the 0.2 ms from break to make";
  EXPECT_EQ(windows[0].detail, RS_LEVEL_PMD);
  EXPECT_TRUE(of_kind(spans_of(stream), SpanKind::break_to_make).empty());
}

TEST(Spans, InplaceHasNoWindow) {
  Stream stream;
  stream.begin().probe(0, RS_PROBE_BBM_BREAK, RS_CTX_TASK, {kPage, kEntry, 0x63, RS_LEVEL_PTE});
  stream.probe(0, RS_PROBE_BBM_MAKE, RS_CTX_TASK, {kPage, kEntry, 0x61, RS_LEVEL_PTE}).done();
  EXPECT_TRUE(of_kind(spans_of(stream), SpanKind::window).empty());
  StatisticsCollector collector;
  for (const Event& event : stream.events) collector.fold(event);
  EXPECT_EQ(collector.statistics().windows.count, 0U);
  EXPECT_EQ(collector.statistics().windows_closed, 1U);
}

// What an old recording tells is named for what it is, and never a window.
TEST(Spans, RecordingsWithoutWindowsTellBreakToMake) {
  Stream stream;
  stream.begin().open().pass(3).close().done();
  std::erase_if(stream.events, [](const Event& event) {
    const auto* probe = std::get_if<ProbeEvent>(&event.body);
    return probe != nullptr && probe->probe == RS_PROBE_BBM_WINDOW;
  });
  std::get<PlanEvent>(stream.events.front().body).version = 3;
  EXPECT_TRUE(of_kind(spans_of(stream), SpanKind::window).empty());
  const auto spans = of_kind(spans_of(stream), SpanKind::break_to_make);
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_NEAR(static_cast<double>(spans[0].length().count()), 3e6, 1e4);
  StatisticsCollector collector;
  for (const Event& event : stream.events) collector.fold(event);
  EXPECT_EQ(collector.statistics().windows.count, 0U);
  EXPECT_EQ(collector.statistics().break_to_make.count, 1U);
}

TEST(Spans, SayWhetherAnythingWasInjectedMeanwhile) {
  Stream stream;
  stream.begin().open().pass(1).close().pass(1);
  stream.fire("irq", 1, 0).pass(1).open().pass(1).close();
  stream.open().fire("irq", 2, 0).pass(1).close();
  stream.fire("hold", 3, 1, ms(30)).pass(1).open().pass(1).close().ended("hold", 3, 1, ms(30), ms(3)).done();
  const auto windows = of_kind(spans_of(stream), SpanKind::window);
  ASSERT_EQ(windows.size(), 4U);
  EXPECT_FALSE(windows[0].injected);
  EXPECT_FALSE(windows[1].injected) << "it was over before";
  EXPECT_TRUE(windows[2].injected);
  EXPECT_TRUE(windows[3].injected) << "another vCPU is held";
}

TEST(Spans, AGuestThatLiesAboutItsWindowStaysWithinWhatIsKnown) {
  Stream stream;
  stream.begin().probe(0, RS_PROBE_BBM_WINDOW, RS_CTX_TASK, {kPage, ~0ULL, 0, ~0ULL});
  stream.probe(0, RS_PROBE_BBM_WINDOW, RS_CTX_TASK, {kPage, 0, ~0ULL, 1}).done();
  const auto windows = of_kind(spans_of(stream), SpanKind::window);
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].length(), Nanoseconds(0));
  EXPECT_LE(windows[1].end, stream.now());
}

TEST(Spans, HoldsAreHostTimeAndStandOnTheVcpuThatIsHeld) {
  Stream stream;
  stream.begin().open().fire("hold", 5, 1, ms(30)).pass(30).ended("hold", 5, 1, ms(30), ms(30)).close().done();
  const auto holds = of_kind(spans_of(stream), SpanKind::hold);
  ASSERT_EQ(holds.size(), 1U);
  EXPECT_EQ(holds[0].vcpu, 1);
  EXPECT_EQ(holds[0].length(), ms(30));
}

TEST(Spans, ADelayBeginsWhenTheGuestWaitsNotWhenItWasArmed) {
  Stream stream;
  stream.begin().fire("stage2-delay", 5, 0, ms(30)).pass(100);
  stream.ended("stage2-delay", 5, 0, ms(30), ms(30)).done();
  const auto delays = of_kind(spans_of(stream), SpanKind::delay);
  ASSERT_EQ(delays.size(), 1U);
  EXPECT_EQ(delays[0].length(), ms(30));
}

TEST(Spans, AgreeWithTheStatistics) {
  Stream stream;
  stream.begin();
  for (int i = 0; i < 50; ++i) stream.open(i % 2).pass(0.1 * i).fault(1 - i % 2, RS_CTX_TASK).close(i % 2);
  stream.done();
  StatisticsCollector collector;
  for (const Event& event : stream.events) collector.fold(event);
  const TrialStatistics statistics = collector.statistics();
  std::map<SpanKind, std::uint64_t> ended;
  std::map<SpanKind, Nanoseconds> longest;
  for (const Span& span : spans_of(stream)) {
    if (span.open) continue;
    ++ended[span.kind];
    longest[span.kind] = std::max(longest[span.kind], span.length());
  }
  EXPECT_EQ(ended[SpanKind::window], statistics.windows.count);
  EXPECT_EQ(longest[SpanKind::window], statistics.windows.max);
  EXPECT_EQ(ended[SpanKind::lock_wait], statistics.lock_waits.count);
  EXPECT_EQ(ended[SpanKind::lock_held], statistics.lock_holds.count);
  EXPECT_EQ(longest[SpanKind::lock_held], statistics.lock_holds.max);
  EXPECT_EQ(ended[SpanKind::fault], statistics.fault_waits.count);
}

TEST(Spans, AGuestThatOpensForEverDoesNotFillTheHost) {
  std::uint64_t found = 0;
  SpanFinder finder([&](const Span&) { ++found; });
  Event event{ms(1), Nanoseconds(1), 0, ProbeEvent{RS_PROBE_BBM_BREAK, 1, kUpdatePc, 0, {0, 0, 0, 0}}};
  for (std::uint64_t entry = 0; entry < 100'000; ++entry) {
    std::get<ProbeEvent>(event.body).args[0] = entry;
    finder.fold(event);
  }
  finder.finish();
  EXPECT_EQ(found, 65'536U);
}

}  // namespace
}  // namespace remapstorm
