// SPDX-License-Identifier: Apache-2.0
#include "report/trace/trace.h"

#include "report/trace/guest_trace.h"
#include "results/replayer.h"
#include "telemetry/event_json.h"

namespace remapstorm {
namespace {

std::string guest_name(const Replayed& replayed) {
  const RecordedPlan& plan = replayed.plan;
  std::string name = plan.scenario + ", " + plan.strategy + ", trial " + std::to_string(plan.trial);
  if (replayed.result.verdict) name += ": " + std::string(verdict_name(*replayed.result.verdict));
  return name;
}

Result<TracedTrial> draw(const std::string& path, unsigned number, PacketWriter& writer) {
  TraceScan scan;
  RS_ASSIGN(Replayed replayed, replay(path, &scan));
  GuestTrace trace(writer, {number, guest_name(replayed), replayed.plan.cpus}, scan);
  std::uint64_t drawn = 0;
  RS_TRY(for_each_event_in(path, [&](Event&& event) -> Status {
    // What was written since the scan is not known to it.
    if (drawn++ < scan.events) trace.on_event(event);
    return writer.status();
  }));
  trace.finish(replayed.result.judgement.findings);
  return TracedTrial{path, std::move(replayed.result), scan.events, scan.dropped, scan.ended, trace.repairs()};
}

}  // namespace

Result<TraceSummary> make_trace(const std::vector<std::string>& recordings, const PacketWriter::Output& output) {
  PacketWriter writer(output);
  TraceSummary summary;
  for (const std::string& path : recordings) {
    RS_ASSIGN(TracedTrial trial, draw(path, static_cast<unsigned>(summary.trials.size()), writer));
    summary.trials.push_back(std::move(trial));
  }
  RS_TRY(writer.finish());
  summary.totals = writer.totals();
  return summary;
}

}  // namespace remapstorm
