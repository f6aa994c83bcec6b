// SPDX-License-Identifier: Apache-2.0
#include "trial/recorder.h"

#include <algorithm>

namespace remapstorm {
namespace {

// The judge, too, gets the names of addresses from the events.
std::vector<EventSink*> heard_by(const Recorder::Options& options, EventSink& kept, EventSink& judge) {
  std::vector<EventSink*> sinks = options.sinks;
  if (options.keep) sinks.push_back(&kept);
  sinks.push_back(&judge);
  return sinks;
}

Frame frame_at(const Symbols& symbols, Gva pc) {
  const auto at = symbols.lookup(pc);
  return at ? Frame{pc, std::string(at->name), at->offset} : Frame{pc, {}, 0};
}

}  // namespace

Recorder::Recorder(const Clock& clock, const Symbols& symbols, const Plan& plan, Options options)
    : plan_(plan),
      judge_(JudgeOptions{plan.limits.stall_threshold}),
      namer_([&symbols](Gva pc) { return frame_at(symbols, pc); }, heard_by(options, kept_, judge_)),
      log_(clock, {&namer_}, options.now) {}

void Recorder::log_plan(std::uint64_t trial) { log_.add(-1, PlanEvent{plan_json(plan_, trial)}); }

void Recorder::replay(std::span<const Event> events, const TimeShift& shift) {
  const Nanoseconds now = log_.now();
  for (Event event : events) {
    if (std::holds_alternative<SymbolEvent>(event.body)) continue;  // made anew
    event.time = std::min(event.time, now);
    if (event.guest_time) event.guest_time = shift.of(*event.guest_time);
    log_.add(event);
  }
}

Status Recorder::begin(Machine& machine, std::uint64_t trial, MachineTask task) {
  RS_ASSIGN(rules_, RuleEngine::create(plan_, trial, log_));
  machine.begin(log_, *rules_, std::move(task));
  return {};
}

Status Recorder::end(Machine& machine) {
  const Status frozen = machine.freeze();
  machine.log_usage();
  machine.milestone(LifecycleEvent::What::end);
  machine.end();
  return frozen;
}

}  // namespace remapstorm
