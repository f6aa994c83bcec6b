// SPDX-License-Identifier: Apache-2.0
// MetricTable: the values of metrics, without locks: one gathers those of a trial, another those of the process.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "telemetry/metrics/catalogue.h"

namespace remapstorm {

using LabelValues = std::vector<std::string>;  // in the order of MetricInfo::labels

struct MetricSeries {
  double value = 0;                    // histograms: the sum of what was observed
  std::vector<std::uint64_t> buckets;  // histograms: observations in each bucket by itself; one more than bounds: +Inf
};

class MetricTable {
 public:
  using Family = std::map<LabelValues, MetricSeries>;

  MetricTable() : families_(all_metrics().size()) {}

  // The series with these labels, made with the value 0 if it is not there. Stays where it is as long as the table.
  MetricSeries& series(Metric metric, LabelValues labels);

  void add(Metric metric, LabelValues labels, double by = 1) { series(metric, std::move(labels)).value += by; }
  void set(Metric metric, LabelValues labels, double value) { series(metric, std::move(labels)).value = value; }
  void observe(Metric metric, LabelValues labels, double value);

  // Takes over what `other` gathered and leaves its series at 0: counters and histograms are added, gauges replaced,
  // highest ones compared.
  void take(MetricTable& other);
  // All series back to 0; none goes away.
  void clear();

  [[nodiscard]] const Family& family(Metric metric) const { return families_[static_cast<std::size_t>(metric)]; }

 private:
  std::vector<Family> families_;  // by metric
};

// Of a histogram's series.
void observe(const MetricInfo& metric, MetricSeries& series, double value);

}  // namespace remapstorm
