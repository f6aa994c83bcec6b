// SPDX-License-Identifier: Apache-2.0
// Recorder: the record of one trial on one machine: its events with the names of their addresses, what the rules of its
// plan do, and the verdict. Whoever runs a trial, of whatever command, has one.
#pragma once

#include <memory>
#include <vector>

#include "plan/plan.h"
#include "telemetry/judge.h"
#include "telemetry/sinks.h"
#include "telemetry/symbol_namer.h"
#include "trial/event_log.h"
#include "trial/machine.h"
#include "trial/time_shift.h"

namespace remapstorm {

class Recorder {
 public:
  struct Options {
    Nanoseconds now{0};               // time of the trial: not 0 for one that goes on where a snapshot was taken
    bool keep = true;                 // all of it, for events()
    std::vector<EventSink*> sinks{};  // who hears it besides; must outlive this
  };
  // All must outlive this.
  Recorder(const Clock& clock, const Symbols& symbols, const Plan& plan, Options options);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Event 0.
  void log_plan(std::uint64_t trial);
  // What was recorded before the state that the guest was set back to. No time of the host's is behind the present.
  void replay(std::span<const Event> events, const TimeShift& shift);
  // The machine's next trial is this one. It must not outlive this without stop() or end(). Error: usage, a rule that
  // cannot be.
  Status begin(Machine& machine, std::uint64_t trial, MachineTask task);
  // Takes the guest out, logs what it used, and ends the trial; the machine stays frozen. Error: host, a vCPU that does
  // not come out.
  Status end(Machine& machine);

  [[nodiscard]] EventLog& log() { return log_; }
  [[nodiscard]] Judge& judge() { return judge_; }
  // While the guest runs, under the machine's lock.
  [[nodiscard]] const CaptureSink& kept() const { return kept_; }

 private:
  const Plan& plan_;
  Judge judge_;
  CaptureSink kept_;
  SymbolNamer namer_;
  EventLog log_;
  std::unique_ptr<RuleEngine> rules_;
};

}  // namespace remapstorm
