// SPDX-License-Identifier: Apache-2.0
// A summary of lengths as results.json and compare.json have it: of none, and of too few for a percentile, null, never
// 0. Private to .cpp files, like telemetry/json_fields.h.
#pragma once

#include "telemetry/json_fields.h"
#include "telemetry/statistics.h"

namespace remapstorm {

inline Json summary_to_json(const LengthSummary& summary) {
  if (summary.count == 0) return {{"count", 0}, {"p50_ns", nullptr}, {"p99_ns", nullptr}, {"max_ns", nullptr}};
  return {{"count", summary.count},
          {"p50_ns", summary.p50.count()},
          {"p99_ns", summary.p99 ? Json(summary.p99->count()) : Json(nullptr)},
          {"max_ns", summary.max.count()}};
}

}  // namespace remapstorm
