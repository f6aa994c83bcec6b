// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/table.h"

#include <algorithm>

#include "base/check.h"

namespace remapstorm {

MetricSeries& MetricTable::series(Metric metric, LabelValues labels) {
  const MetricInfo& info = metric_info(metric);
  RS_CHECK(labels.size() == info.labels.size(), "a metric with the wrong number of label values");
  MetricSeries& series = families_[static_cast<std::size_t>(metric)][std::move(labels)];
  if (info.type == MetricType::histogram && series.buckets.empty()) series.buckets.resize(info.buckets.size() + 1);
  return series;
}

void MetricTable::observe(Metric metric, LabelValues labels, double value) {
  remapstorm::observe(metric_info(metric), series(metric, std::move(labels)), value);
}

void observe(const MetricInfo& metric, MetricSeries& series, double value) {
  // A bound belongs to its bucket: le means less or equal.
  const auto bucket = std::lower_bound(metric.buckets.begin(), metric.buckets.end(), value) - metric.buckets.begin();
  ++series.buckets[static_cast<std::size_t>(bucket)];
  series.value += value;
}

void MetricTable::take(MetricTable& other) {
  for (const MetricInfo& info : all_metrics()) {
    for (const auto& [labels, from] : other.family(info.id)) {
      MetricSeries& into = series(info.id, labels);
      switch (info.type) {
        case MetricType::gauge:
          into.value = from.value;
          break;
        case MetricType::highest:
          into.value = std::max(into.value, from.value);
          break;
        case MetricType::counter:
        case MetricType::histogram:
          into.value += from.value;
          for (std::size_t i = 0; i < from.buckets.size(); ++i) into.buckets[i] += from.buckets[i];
          break;
      }
    }
  }
  other.clear();
}

void MetricTable::clear() {
  for (Family& family : families_) {
    for (auto& [labels, series] : family) {
      series.value = 0;
      std::fill(series.buckets.begin(), series.buckets.end(), 0);
    }
  }
}

}  // namespace remapstorm
