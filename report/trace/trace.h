// SPDX-License-Identifier: Apache-2.0
// Recordings as one Perfetto trace: docs/trace.md.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/trace/packet_writer.h"
#include "report/trace/tracks.h"
#include "results/trial_result.h"

namespace remapstorm {

// One recording's part of a trace.
struct TracedTrial {
  std::string path;
  TrialResult result;  // as replay() judges it; `error` says what is missing of the recording
  std::uint64_t events = 0;
  std::uint64_t dropped = 0;  // left out at the recording's size limit
  bool ended = false;         // the recording goes to the end of the trial
  TraceRepairs repairs;
};

struct TraceSummary {
  std::vector<TracedTrial> trials;
  TraceTotals totals;
};

// Reads each recording twice, one event at a time, and hands the trace on as it grows. The same recordings make the
// same bytes. Errors: usage (no event file of ours, no plan in it), and those of `output`.
Result<TraceSummary> make_trace(const std::vector<std::string>& recordings, const PacketWriter::Output& output);

}  // namespace remapstorm
