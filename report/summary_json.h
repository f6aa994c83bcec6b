// SPDX-License-Identifier: Apache-2.0
// A summary of lengths as results.json and compare.json have it. Private to .cpp files, like telemetry/json_fields.h.
#pragma once

#include "telemetry/json_fields.h"
#include "telemetry/statistics.h"

namespace remapstorm {

inline Json summary_to_json(const LengthSummary& summary) {
  return {{"count", summary.count},
          {"p50_ns", summary.p50.count()},
          {"p99_ns", summary.p99.count()},
          {"max_ns", summary.max.count()}};
}

}  // namespace remapstorm
