// SPDX-License-Identifier: Apache-2.0
// Metrics: those of this process, for all its threads. What a scraper sees.
#pragma once

#include <mutex>
#include <string>

#include "telemetry/metrics/table.h"

namespace remapstorm {

class Metrics {
 public:
  void add(Metric metric, LabelValues labels, double by = 1);
  void set(Metric metric, LabelValues labels, double value);
  void observe(Metric metric, LabelValues labels, double value);
  // MetricTable::take().
  void take(MetricTable& gathered);

  // All of them in Prometheus' text format, without time stamps.
  [[nodiscard]] std::string text() const;

 private:
  mutable std::mutex mutex_;  // table_
  MetricTable table_;
};

}  // namespace remapstorm
