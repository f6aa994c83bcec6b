// SPDX-License-Identifier: Apache-2.0
#include "trial/trial.h"

#include "results/trial_result.h"
#include "telemetry/event_names.h"
#include "telemetry/kinds.h"
#include "telemetry/trial_length.h"
#include "trial/recorder.h"
#include "trial/supervisor.h"

namespace remapstorm {

MachineConfig machine_config(const TrialEnvironment& environment, const Plan& plan) {
  MachineConfig config;
  config.cpus = plan.cpus;
  config.memory = plan.memory;
  config.cpu.bbm = plan.bbm;
  config.initramfs_path = environment.initramfs_path;
  config.initramfs = environment.initramfs;
  config.command_line = environment.command_line.base + " remapstorm.strategy=" + plan.strategy;
  if (plan.nmis && !environment.command_line.nmi.empty()) config.command_line += " " + environment.command_line.nmi;
  if (!plan.append.empty()) config.command_line += " " + plan.append;
  config.workload_text = plan.workload_text;
  config.stolen = environment.stolen;
  config.breakpoints = environment.breakpoints;
  for (const Rule& rule : plan.rules) {
    if (injector_kind(rule.action.injector) == InjectorKind::stage2_delay) config.stage2_delays = true;
  }
  return config;
}

MachineTask machine_task(const Plan& plan) {
  MachineTask task;
  task.breakpoints = plan.breakpoints();
  const auto armed = plan.armed_probes();
  for (std::uint16_t probe = 0; probe < RS_PROBE_LIMIT; ++probe) {
    if (((armed[probe / 64] >> (probe % 64)) & 1) != 0) task.armed_probes.push_back(probe);
  }
  return task;
}

void log_restored(EventLog& log) {
  log.milestone(LifecycleEvent::What::boot, std::string(kFromSnapshot));
  log.milestone(LifecycleEvent::What::ready);
}

Result<std::unique_ptr<Machine>> make_machine(const TrialEnvironment& environment, const MachineConfig& config,
                                              MachineTask& task) {
  const auto create = [&] { return Machine::create(environment.kvm, environment.symbols, environment.clock, config); };
  RS_ASSIGN(auto machine, create());
  const MachineSnapshot* snapshot = environment.boots != nullptr ? environment.boots->find(config) : nullptr;
  if (snapshot != nullptr) {
    const Status restored = machine->restore(*snapshot);
    task.ready = restored.ok();
    if (task.ready) return machine;
    environment.boots->drop(config, restored.error().message);
    RS_ASSIGN(machine, create());  // half restored, the first is of no use
  }
  RS_TRY(machine->load(environment.kernel));
  task.catch_ready = environment.boots != nullptr;
  return machine;
}

std::optional<MachineSnapshot> run_past_ready(Machine& machine, Supervisor& supervisor, const Progress& progress) {
  supervisor.run(progress);
  if (!supervisor.state().caught_ready) return std::nullopt;
  std::optional<MachineSnapshot> at_ready;
  // One that cannot be had is no loss to the trial.
  if (machine.freeze()) {
    if (Result<MachineSnapshot> snapshot = machine.take_snapshot()) at_ready = std::move(snapshot).value();
  }
  machine.release_ready();
  supervisor.run(progress);
  return at_ready;
}

Result<TrialResult> run_trial(const TrialEnvironment& environment, const Plan& plan, std::uint64_t trial,
                              std::vector<EventSink*> sinks, const Progress& progress) {
  TrialLength length;
  sinks.push_back(&length);
  Recorder recorder(environment.clock, environment.symbols, plan, {.keep = false, .sinks = std::move(sinks)});
  recorder.log_plan(trial);
  const MachineConfig config = machine_config(environment, plan);
  MachineTask task = machine_task(plan);
  RS_ASSIGN(const std::unique_ptr<Machine> machine, make_machine(environment, config, task));
  const bool booted = !task.ready;
  if (!booted) log_restored(recorder.log());
  RS_TRY(recorder.begin(*machine, trial, std::move(task)));
  machine->start();
  SupervisorOptions options;
  options.limits = plan.limits;
  options.boot_limit = environment.boot_limit;
  options.wants_more = [&plan](const Judgement& so_far) { return wants_more(plan.expectation, so_far); };
  Supervisor supervisor(options, environment.stop, *machine, recorder.judge(), recorder.log());
  std::optional<MachineSnapshot> at_ready = run_past_ready(*machine, supervisor, progress);
  while (!supervisor.finish_console()) supervisor.run(progress);
  machine->stop();
  machine->log_usage();
  machine->milestone(LifecycleEvent::What::end, supervisor.ended_by_report() ? "after the guest's own report" : "");
  // Now that nobody waits for it.
  if (at_ready) environment.boots->keep(config, *std::move(at_ready));

  TrialResult result = conclude(recorded(plan, trial), recorder.judge().judgement());
  result.interrupted = supervisor.interrupted();
  result.booted = booted;
  result.boot_time = supervisor.ready_at();
  result.duration = length.length();
  return result;
}

}  // namespace remapstorm
