// SPDX-License-Identifier: Apache-2.0
// From a cold guest to the snapshot where the window opens.
#include <algorithm>

#include "harness/explorer.h"
#include "harness/verdict.h"
#include "harness/watch.h"
#include "telemetry/sinks.h"
#include "telemetry/symbol_namer.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kReachLimit = std::chrono::seconds(60);

// The address whose entry the window is about, from the probe that opened it.
Gva target_of(const Candidate& opening) {
  if (!opening.probe) return Gva(0);
  const std::uint16_t probe = opening.probe->probe;
  return probe == RS_PROBE_BBM_BREAK || probe == RS_PROBE_BBM_MAKE ? Gva(opening.probe->args[0]) : Gva(0);
}

Error never_opened(const ExploreOptions& options, std::uint64_t seen, const Judgement& judgement, bool ended) {
  const std::string name = "the window " + options.window.name + " (" + options.window.open.text + ")";
  std::string message = seen == 0
                            ? name + " never opened"
                            : name + " opened " + std::to_string(seen) + " times, not " + std::to_string(options.nth);
  message += ended ? ": the guest ran its workloads to their end"
                   : ": " + (judgement.reasons.empty() ? "" : judgement.reasons.front());
  std::string workloads;
  for (const Workload& one : options.workloads.empty() ? default_workloads(options) : options.workloads) {
    workloads += (workloads.empty() ? "" : ", ") + workload_text(one);
  }
  return usage_error(message, "the workloads were " + workloads + "; --workload gives others");
}

// All of a certificate's ways through a window must be one.
Status same_way(const Walked& first, const Walked& second, const Symbols& symbols) {
  if (first.trail == second.trail) return {};
  for (std::size_t i = 0; i < std::min(first.trail.size(), second.trail.size()); ++i) {
    if (first.trail[i] != second.trail[i]) {
      return usage_error("the window is not the same way twice: after " + std::to_string(i) + " instructions at " +
                             symbols.describe(first.trail[i]) + ", then at " + symbols.describe(second.trail[i]),
                         "choose one that depends on nothing outside its vCPU");
    }
  }
  return usage_error("the window is not the same way twice: " + std::to_string(first.trail.size()) +
                     " instructions, then " + std::to_string(second.trail.size()));
}

}  // namespace

Result<Plan> explore_plan(const ExploreOptions& options, const GuestImageInfo& guest, const HostInfo& host,
                          const ResolveSymbol& resolve) {
  Scenario scenario;
  scenario.name = "explore-" + options.window.name;
  scenario.summary = "every boundary of " + options.window.summary;
  scenario.strategy = options.strategy;
  scenario.strategies = {options.strategy};
  scenario.flavours = {options.flavour};
  scenario.cpus = options.cpus;
  scenario.memory = options.memory;
  scenario.limits.timeout = options.timeout;
  scenario.limits.progress = std::min<Nanoseconds>(std::chrono::seconds(3), options.timeout);
  scenario.workloads = options.workloads.empty() ? default_workloads(options) : options.workloads;
  Overrides overrides;
  overrides.append = options.append;
  return make_plan(scenario, overrides, guest, host, resolve);
}

Result<std::unique_ptr<Exploration>> reach_window(const TrialEnvironment& environment, const ExploreOptions& options,
                                                  Plan plan, const std::function<void(const std::string&)>& progress) {
  auto exploration = std::make_unique<Exploration>();
  exploration->options = options;
  exploration->plan = std::move(plan);
  Window& window = exploration->options.window;
  RS_TRY(resolve_window(window, environment.symbols));

  const MachineConfig config = machine_config(environment, exploration->plan);
  MachineTask task;
  RS_ASSIGN(std::unique_ptr<Machine> machine, make_machine(environment, config, task));
  Judge judge;
  CaptureSink capture;
  EventLog log(environment.clock, {&capture, &judge});
  RS_ASSIGN(const std::unique_ptr<RuleEngine> rules, RuleEngine::create(exploration->plan, 0, log));
  std::uint64_t seen = 0;
  task.armed_probes = probes_of(window);
  if (window.open.pattern.address) task.breakpoints = {*window.open.pattern.address};
  task.catch_at = [&](const Candidate& candidate) {
    return matches(window.open.pattern, candidate) && ++seen == options.nth;
  };
  if (task.ready) log_restored(log);
  machine->begin(log, *rules, std::move(task));
  machine->start();
  WatchOptions watching;
  watching.limits = exploration->plan.limits;
  watching.limits.timeout = kReachLimit;
  watching.boot_limit = environment.boot_limit;
  Watch watch(watching, environment.stop, *machine, judge, log);
  std::optional<MachineSnapshot> at_ready = run_past_ready(*machine, watch, [&](const char* phase, Nanoseconds) {
    progress(std::string(phase) == "booting" ? "booting" : "waiting for the window to open");
  });
  if (at_ready) environment.boots->keep(config, *std::move(at_ready));
  const auto leave = [&](Error error) {
    machine->stop();
    return error;
  };
  if (watch.interrupted()) return leave(host_error("interrupted before the window opened"));
  if (!watch.state().caught) {
    machine->stop();
    const Judgement judgement = judge.judgement();
    if (!watch.state().ready) {
      Error error = guest_error("the guest did not come up: " + judgement.reasons.front());
      error.kind = kind_of_trouble(judgement);
      return error;
    }
    return never_opened(options, seen, judgement, watch.state().done);
  }
  if (const Status frozen = machine->freeze(); !frozen) return leave(frozen.error());
  exploration->opening = *watch.state().caught;
  exploration->opened_at = log.now();
  exploration->prologue = capture.events();
  // The names of addresses are added anew in each trial, from the same events.
  auto snapshot = machine->take_snapshot();
  if (!snapshot) return leave(snapshot.error());
  exploration->at_window = std::move(snapshot).value();

  progress("walking the window");
  WalkRequest request{window, exploration->vcpu(), options.follow_calls, options.most_steps,
                      target_of(exploration->opening)};
  const Result<Walked> first = walk_window(*machine, environment.symbols, request);
  if (!first) return leave(first.error());
  if (request.target.value == 0) request.target = first->target;
  if (const Status ready = machine->prepare_reset(*exploration->at_window); !ready) {
    return leave(ready.error());
  }
  if (const auto back = machine->reset(); !back) return leave(back.error());
  const Result<Walked> second = walk_window(*machine, environment.symbols, request);
  if (!second) return leave(second.error());
  if (const Status same = same_way(*first, *second, environment.symbols); !same) return leave(same.error());
  exploration->walked = *second;
  machine->end();
  exploration->first = std::move(machine);
  return exploration;
}

}  // namespace remapstorm
