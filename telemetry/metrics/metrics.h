// SPDX-License-Identifier: Apache-2.0
// Metrics: those of this process, for all its threads. What a scraper sees.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "telemetry/metrics/table.h"

namespace remapstorm {

class Metrics {
 public:
  void add(Metric metric, LabelValues labels, double by = 1);
  void set(Metric metric, LabelValues labels, double value);
  void observe(Metric metric, LabelValues labels, double value);
  // MetricTable::take().
  void take(MetricTable& gathered);

  // Every series carries this label besides, in text(). Before the first text().
  void label_all(std::string name, std::string value);
  // All of them in Prometheus' text format, without time stamps.
  [[nodiscard]] std::string text() const;

 private:
  mutable std::mutex mutex_;  // table_
  MetricTable table_;
  std::optional<std::pair<std::string, std::string>> label_of_all_;
};

}  // namespace remapstorm
