// SPDX-License-Identifier: Apache-2.0
#include "harness/trial.h"

#include "harness/watch.h"
#include "telemetry/symbol_namer.h"

namespace remapstorm {

MachineConfig machine_config(const TrialEnvironment& environment, const Plan& plan) {
  MachineConfig config;
  config.cpus = plan.cpus;
  config.memory = plan.memory;
  config.initramfs_path = environment.initramfs_path;
  config.command_line = environment.command_line + " remapstorm.strategy=" + plan.strategy;
  if (!plan.append.empty()) config.command_line += " " + plan.append;
  config.workload_text = plan.workload_text;
  for (const Rule& rule : plan.rules) {
    if (rule.action.injector == "stage2-delay") config.stage2_delays = true;
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

Result<TrialOutcome> run_trial(const TrialEnvironment& environment, const Plan& plan, std::uint64_t trial,
                               std::vector<EventSink*> sinks,
                               const std::function<void(const char* phase, Nanoseconds since_start)>& progress) {
  Judge judge(JudgeOptions{plan.limits.stall_threshold});
  sinks.push_back(&judge);
  // Whoever reads the events, the judge included, gets the names of addresses from them.
  SymbolNamer namer(
      [&](Gva pc) {
        const auto at = environment.symbols.lookup(pc);
        return at ? Frame{pc, std::string(at->name), at->offset} : Frame{pc, {}, 0};
      },
      std::move(sinks));
  EventLog log(environment.clock, {&namer});
  log.add(-1, PlanEvent{plan_json(plan, trial)});
  RS_ASSIGN(const std::unique_ptr<RuleEngine> rules, RuleEngine::create(plan, trial, log));
  RS_ASSIGN(
      const std::unique_ptr<Machine> machine,
      Machine::create(environment.kvm, environment.symbols, environment.clock, machine_config(environment, plan)));
  RS_TRY(machine->load(environment.kernel));
  machine->begin(log, *rules, machine_task(plan));
  machine->start();
  WatchOptions options;
  options.limits = plan.limits;
  options.boot_limit = environment.boot_limit;
  Watch watch(options, environment.stop, *machine, judge, log);
  watch.run(progress);
  machine->stop();
  machine->milestone(LifecycleEvent::What::end);

  TrialOutcome outcome;
  outcome.judgement = judge.judgement();
  outcome.interrupted = watch.interrupted();
  outcome.boot_time = watch.ready_at();
  if (watch.ready_at() != Nanoseconds(0)) outcome.duration = log.now() - watch.ready_at();
  return outcome;
}

}  // namespace remapstorm
