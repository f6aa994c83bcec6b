// SPDX-License-Identifier: Apache-2.0
#include "telemetry/statistics.h"

#include <gtest/gtest.h>

#include "telemetry/statistics_collector.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

TEST(LengthSeries, OrdersAndThins) {
  LengthSeries series;
  EXPECT_EQ(series.summary().count, 0U);
  for (int i = 100; i >= 1; --i) series.add(Nanoseconds{i});
  EXPECT_EQ(series.summary().p50.count(), 50);
  EXPECT_EQ(series.summary().p99, Nanoseconds{99});
  EXPECT_EQ(series.summary().min, Nanoseconds{1});
  EXPECT_EQ(series.summary().max.count(), 100);
  LengthSeries many;
  for (int i = 1; i <= 100'000; ++i) many.add(Nanoseconds{i});
  EXPECT_EQ(many.summary().count, 100'000U);
  EXPECT_EQ(many.summary().max.count(), 100'000);
  EXPECT_NEAR(static_cast<double>(many.summary().p50.count()), 50'000, 500);
}

TEST(LengthSeries, OfTooFewThereIsNoPercentile) {
  LengthSeries series;
  for (int i = 1; i < 100; ++i) series.add(Nanoseconds{i});
  EXPECT_FALSE(series.summary().p99) << "it would be the longest of 99";
  series.add(Nanoseconds{100});
  EXPECT_TRUE(series.summary().p99);
}

TEST(Statistics, CountsFaultsByContextAndMeasuresDelivery) {
  Stream stream;
  stream.begin().open(0).fire("irq", 1, 1).pass(0.25).enter(1, RS_CTX_HARDIRQ, 1).fault(1, RS_CTX_HARDIRQ).pass(2);
  stream.close(0).recover(1, RS_CTX_HARDIRQ).leave(1, RS_CTX_HARDIRQ, 1).done();
  StatisticsCollector collector;
  for (const Event& event : stream.events) collector.fold(event);
  const TrialStatistics statistics = collector.statistics();
  EXPECT_EQ(statistics.faults[RS_CTX_HARDIRQ], 1U);
  EXPECT_EQ(statistics.faults[RS_CTX_TASK], 0U);
  EXPECT_EQ(statistics.probes.at("bbm.break"), 1U);
  EXPECT_EQ(statistics.rule_firings.at("irq-rule"), 1U);
  EXPECT_EQ(statistics.injections_answered, 1U);
  EXPECT_EQ(statistics.delivery.count, 1U);
  EXPECT_NEAR(static_cast<double>(statistics.delivery.max.count()), 251e3, 2e3);
  EXPECT_GE(statistics.fault_waits.max, ms(2));
  EXPECT_EQ(statistics.lock_holds.count, 2U);
}

}  // namespace
}  // namespace remapstorm
