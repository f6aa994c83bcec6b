// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/metrics.h"

#include <gtest/gtest.h>

#include <set>

#include "telemetry/metrics/reference.h"
#include "tests/telemetry/metrics_fixture.h"

namespace remapstorm {
namespace {

TEST(MetricsCatalogue, IsInTheOrderOfItsEnumAndKeepsTheConventions) {
  std::set<std::string_view> names;
  std::size_t number = 0;
  for (const MetricInfo& metric : all_metrics()) {
    EXPECT_EQ(static_cast<std::size_t>(metric.id), number++);
    EXPECT_EQ(&metric_info(metric.id), &metric);
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_TRUE(metric.name.starts_with("remapstorm_")) << metric.name;
    EXPECT_EQ(metric.name.ends_with("_total"), metric.type == MetricType::counter) << metric.name;
    EXPECT_FALSE(metric.help.empty()) << metric.name;
    EXPECT_FALSE(metric.source.empty()) << metric.name;
    EXPECT_EQ(metric.buckets.empty(), metric.type != MetricType::histogram) << metric.name;
    EXPECT_TRUE(std::is_sorted(metric.buckets.begin(), metric.buckets.end())) << metric.name;
    if (metric.type == MetricType::histogram) {
      EXPECT_TRUE(metric.name.ends_with("_seconds")) << metric.name;
    }
    for (const std::string_view label : metric.labels) EXPECT_TRUE(label_meaning(label)) << label;
  }
  EXPECT_EQ(static_cast<std::size_t>(Metric::serve_kept_bytes) + 1, all_metrics().size());
}

TEST(MetricsCatalogue, NothingThatGrowsWithoutEndIsALabel) {
  for (const MetricInfo& metric : all_metrics()) {
    for (const std::string_view label : metric.labels) {
      for (const char* bad :
           {"seed", "trial", "run", "pc", "address", "symbol", "fingerprint", "le", "job", "instance"}) {
        EXPECT_NE(label, bad) << metric.name;
      }
    }
  }
}

TEST(MetricsReference, NamesEveryMetricAndEveryLabel) {
  const std::string page = metrics_reference();
  for (const MetricInfo& metric : all_metrics()) {
    EXPECT_NE(page.find("### " + std::string(metric.name) + "\n"), std::string::npos) << metric.name;
    for (const std::string_view label : metric.labels) {
      EXPECT_NE(page.find("| `" + std::string(label) + "` |"), std::string::npos) << label;
    }
  }
}

TEST(MetricTable, AHistogramCountsItsBoundInItsBucket) {
  MetricTable table;
  for (const double value : {1e-6, 1.1e-6, 0.05, 10.0, 11.0})
    table.observe(Metric::lock_wait, kLabels.with({"task", "other", "no"}), value);
  const MetricSeries& series = table.series(Metric::lock_wait, kLabels.with({"task", "other", "no"}));
  ASSERT_EQ(series.buckets.size(), 23U);
  EXPECT_EQ(series.buckets[0], 1U);   // <= 1 us
  EXPECT_EQ(series.buckets[1], 1U);   // <= 2 us
  EXPECT_EQ(series.buckets[14], 1U);  // <= 50 ms
  EXPECT_EQ(series.buckets[21], 1U);  // <= 10 s
  EXPECT_EQ(series.buckets[22], 1U);
  EXPECT_NEAR(series.value, 21.0500021, 1e-9);
}

TEST(MetricTable, TakingAddsCountersAndLeavesTheOtherAtZero) {
  MetricTable sum, part;
  const LabelValues verdict = kLabels.with({"clean", "yes"});
  const LabelValues vcpu = kLabels.with({"0"});
  const LabelValues stalled = kLabels.with({"0", "no"});
  sum.add(Metric::trials, verdict, 3);
  sum.set(Metric::vcpu_longest_stall, stalled, 0.5);
  sum.observe(Metric::hold_served, vcpu, 0.1);
  part.add(Metric::trials, verdict, 2);
  part.set(Metric::vcpu_longest_stall, stalled, 0.2);
  part.observe(Metric::hold_served, vcpu, 0.1);
  part.observe(Metric::hold_served, vcpu, 3);
  MetricSeries& kept = part.series(Metric::trials, verdict);
  sum.take(part);
  EXPECT_EQ(sum.series(Metric::trials, verdict).value, 5);
  EXPECT_EQ(sum.series(Metric::vcpu_longest_stall, stalled).value, 0.5);
  EXPECT_NEAR(sum.series(Metric::hold_served, vcpu).value, 3.2, 1e-12);
  EXPECT_EQ(sum.series(Metric::hold_served, vcpu).buckets[15], 2U);
  EXPECT_EQ(kept.value, 0);
  EXPECT_EQ(&kept, &part.series(Metric::trials, verdict));
  sum.take(part);
  EXPECT_EQ(sum.series(Metric::trials, verdict).value, 5);
  EXPECT_EQ(sum.series(Metric::vcpu_longest_stall, stalled).value, 0.5);
}

TEST(MetricTableDeathTest, TheWrongNumberOfLabelsIsABug) {
  MetricTable table;
  EXPECT_DEATH(table.add(Metric::trials, {"clean"}), "number of label values");
}

TEST(Metrics, TextIsWhatPrometheusReads) {
  Metrics metrics;
  metrics.add(Metric::trials, kLabels.with({"deadlock", "yes"}), 2);
  metrics.observe(Metric::trial_duration, kLabels.with(), 0.3);
  metrics.set(Metric::build_info, {"0.1.0", "quote\" back\\slash\nline"}, 1);
  const std::string text = metrics.text();
  EXPECT_NE(text.find("# HELP remapstorm_trials_total Trials that ended, by verdict"), std::string::npos);
  EXPECT_NE(text.find("# TYPE remapstorm_trials_total counter\n"), std::string::npos);
  EXPECT_NE(text.find("# TYPE remapstorm_trial_seconds histogram\n"), std::string::npos);
  EXPECT_NE(text.find(R"(build="quote\" back\\slash\nline")"), std::string::npos);
  const auto all = samples(metrics);
  EXPECT_EQ(all.at(of_trial("remapstorm_trials_total", R"(verdict="deadlock",expected="yes")")), "2");
  EXPECT_EQ(all.at(of_trial("remapstorm_trial_seconds_count")), "1");
  EXPECT_EQ(all.at(of_trial("remapstorm_trial_seconds_bucket", R"(le="0.5")")), "1");
  EXPECT_EQ(all.at(of_trial("remapstorm_trial_seconds_bucket", R"(le="0.2")")), "0");
  EXPECT_EQ(all.at(of_trial("remapstorm_trial_seconds_bucket", R"(le="+Inf")")), "1");
  // No time stamps: each line is a name and a value. No family without a value.
  EXPECT_EQ(text.find("remapstorm_lock_wait_seconds"), std::string::npos);
}

}  // namespace
}  // namespace remapstorm
