// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>
#include <utility>

namespace remapstorm {
namespace {

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return prometheus::MetricType::Counter;
    case MetricType::gauge:
    case MetricType::highest:
      return prometheus::MetricType::Gauge;
    case MetricType::histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric::Histogram histogram_of(const MetricInfo& info, const MetricSeries& series) {
  prometheus::ClientMetric::Histogram histogram;
  for (std::size_t i = 0; i < series.buckets.size(); ++i) {
    histogram.sample_count += series.buckets[i];
    const double bound = i < info.buckets.size() ? info.buckets[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum = series.value;
  return histogram;
}

prometheus::MetricFamily family_of(const MetricInfo& info, const MetricTable::Family& all,
                                   const std::optional<std::pair<std::string, std::string>>& label_of_all) {
  prometheus::MetricFamily family;
  family.name = info.name;
  family.help = info.help;
  family.type = type_of(info.type);
  for (const auto& [labels, series] : all) {
    prometheus::ClientMetric metric;
    for (std::size_t i = 0; i < labels.size(); ++i) metric.label.push_back({std::string(info.labels[i]), labels[i]});
    if (label_of_all) metric.label.push_back({label_of_all->first, label_of_all->second});
    metric.counter.value = series.value;
    metric.gauge.value = series.value;
    if (info.type == MetricType::histogram) metric.histogram = histogram_of(info, series);
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

void Metrics::add(Metric metric, LabelValues labels, double by) {
  const std::lock_guard lock(mutex_);
  table_.add(metric, std::move(labels), by);
}

void Metrics::set(Metric metric, LabelValues labels, double value) {
  const std::lock_guard lock(mutex_);
  table_.set(metric, std::move(labels), value);
}

void Metrics::observe(Metric metric, LabelValues labels, double value) {
  const std::lock_guard lock(mutex_);
  table_.observe(metric, std::move(labels), value);
}

void Metrics::take(MetricTable& gathered) {
  const std::lock_guard lock(mutex_);
  table_.take(gathered);
}

void Metrics::label_all(std::string name, std::string value) {
  const std::lock_guard lock(mutex_);
  label_of_all_.emplace(std::move(name), std::move(value));
}

std::string Metrics::text() const {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::lock_guard lock(mutex_);
    for (const MetricInfo& info : all_metrics()) {
      const MetricTable::Family& all = table_.family(info.id);
      // A family that has nothing to say has no line of help either.
      if (!all.empty()) families.push_back(family_of(info, all, label_of_all_));
    }
  }
  std::ostringstream text;
  text.imbue(std::locale::classic());
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

}  // namespace remapstorm
