// SPDX-License-Identifier: Apache-2.0
#include "trial/reach.h"

#include "trial/supervisor.h"

namespace remapstorm {
namespace {

// Of a place that no probe rang at: now.
Result<StoppedAt> where_caught(const Reached& reached) {
  const Candidate& caught = *reached.state.caught;
  const std::vector<Event>& events = reached.recorder->kept().events();
  for (auto event = events.rbegin(); caught.probe && event != events.rend(); ++event) {
    const auto* probe = std::get_if<ProbeEvent>(&event->body);
    if (probe == nullptr || event->vcpu != caught.vcpu || probe->probe != caught.probe->probe) continue;
    if (event->guest_time) return StoppedAt{event->time, *event->guest_time, reached.machine->set_back()};
  }
  RS_ASSIGN(const Nanoseconds guest_time, reached.machine->guest_time());
  return StoppedAt{reached.recorder->log().now(), guest_time, reached.machine->set_back()};
}

}  // namespace

Result<Reached> reach(const TrialEnvironment& environment, const Plan& plan, MachineTask task, const Limits& limits,
                      const Progress& progress) {
  const MachineConfig config = machine_config(environment, plan);
  Reached reached;
  RS_ASSIGN(reached.machine, make_machine(environment, config, task));
  Machine& machine = *reached.machine;
  reached.recorder = std::make_unique<Recorder>(environment.clock, environment.symbols, plan, Recorder::Options{});
  if (task.ready) log_restored(reached.recorder->log());
  RS_TRY(reached.recorder->begin(machine, 0, std::move(task)));
  machine.start();
  SupervisorOptions options;
  options.limits = limits;
  options.boot_limit = environment.boot_limit;
  Supervisor supervisor(options, environment.stop, machine, reached.recorder->judge(), reached.recorder->log());
  std::optional<MachineSnapshot> at_ready = run_past_ready(machine, supervisor, progress);
  if (at_ready) environment.boots->keep(config, *std::move(at_ready));
  reached.state = supervisor.state();
  reached.interrupted = supervisor.interrupted();
  if (!reached.state.caught || reached.interrupted) {
    machine.stop();
    return reached;
  }
  if (Status frozen = machine.freeze(); !frozen) {
    machine.stop();
    return frozen.error();
  }
  RS_ASSIGN(reached.stopped, where_caught(reached));
  return reached;
}

}  // namespace remapstorm
