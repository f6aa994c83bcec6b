// SPDX-License-Identifier: Apache-2.0
#include "campaign/control_worker.h"

#include <algorithm>

#include "results/trial_result.h"
#include "telemetry/sinks.h"
#include "telemetry/symbol_namer.h"
#include "trial/supervisor.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kControlTurn = std::chrono::milliseconds(1);

void no_progress(const char* /*phase*/, Nanoseconds /*since_start*/) {}

bool delays_pages(const Plan& plan) {
  return std::any_of(plan.rules.begin(), plan.rules.end(),
                     [](const Rule& rule) { return rule.action.injector == "stage2-delay"; });
}

}  // namespace

Result<std::unique_ptr<ControlWorker>> ControlWorker::create(const TrialEnvironment& environment, const Plan& plan) {
  std::unique_ptr<ControlWorker> worker(new ControlWorker(environment));
  RS_TRY(worker->reach(plan));
  return worker;
}

// A guest at its ready doorbell waits until it is quiet before it begins its work; trials start behind that.
Status ControlWorker::reach(const Plan& plan) {
  const MachineConfig config = machine_config(environment_, plan);
  MachineTask task;
  RS_ASSIGN(machine_, make_machine(environment_, config, task));
  Judge judge;
  CaptureSink capture;
  EventLog log(environment_.clock, {&capture, &judge});
  RS_ASSIGN(const std::unique_ptr<RuleEngine> rules, RuleEngine::create(plan, 0, log));
  // Nothing that a rule may wait for comes before it.
  task.armed_probes = {RS_PROBE_REMAP_BEGIN};
  task.catch_at = [](const Candidate& candidate) {
    return candidate.probe && candidate.probe->probe == RS_PROBE_REMAP_BEGIN;
  };
  if (task.ready) log_restored(log);
  machine_->begin(log, *rules, std::move(task));
  machine_->start();
  WatchOptions options;
  options.limits = plan.limits;
  options.boot_limit = environment_.boot_limit;
  Watch watch(options, environment_.stop, *machine_, judge, log);
  std::optional<MachineSnapshot> at_ready = run_past_ready(*machine_, watch, no_progress);
  if (at_ready) environment_.boots->keep(config, *std::move(at_ready));
  if (!watch.state().caught) {
    machine_->stop();
    if (watch.interrupted()) return host_error("interrupted before the first control trial");
    const Judgement judgement = judge.judgement();
    Error error = guest_error("the guest for control trials does not come to a remap: " + judgement.reasons.front());
    error.kind = kind_of_trouble(judgement);
    return error;
  }
  if (Status frozen = machine_->freeze(); !frozen) {
    machine_->stop();
    return frozen;
  }
  reached_at_ = log.now();
  prologue_ = capture.events();
  auto snapshot = machine_->take_snapshot();
  machine_->end();
  if (!snapshot) return snapshot.error();
  at_remap_ = std::move(snapshot).value();
  return machine_->prepare_reset(*at_remap_);
}

// A page that is out of stage 2 must not be copied back to: what delays pages gets a machine that is thrown away.
Result<ControlTrial> ControlWorker::on_a_machine_of_its_own(const Plan& plan, std::vector<Event>& events) const {
  CaptureSink capture;
  RS_ASSIGN(TrialOutcome outcome, run_trial(environment_, plan, 0, {&capture}, no_progress));
  events = capture.events();
  return ControlTrial{std::move(outcome.judgement), outcome.interrupted, outcome.duration};
}

Result<ControlTrial> ControlWorker::execute(const Plan& plan, std::vector<Event>& events) {
  if (delays_pages(plan)) return on_a_machine_of_its_own(plan, events);
  Judge judge(JudgeOptions{plan.limits.stall_threshold});
  CaptureSink capture;
  SymbolNamer namer(
      [this](Gva pc) {
        const auto at = environment_.symbols.lookup(pc);
        return at ? Frame{pc, std::string(at->name), at->offset} : Frame{pc, {}, 0};
      },
      {&capture, &judge});
  RS_ASSIGN(const ResetCost cost, machine_->reset());
  EventLog log(environment_.clock, {&namer}, reached_at_);
  log.add(-1, PlanEvent{plan_json(plan, 0)});
  const Nanoseconds lag = machine_->counter_lag(at_remap_->counter, log.now() - reached_at_);
  for (Event event : prologue_) {
    if (event.guest_time) *event.guest_time += lag;
    log.add(event);
  }
  RS_ASSIGN(const std::unique_ptr<RuleEngine> rules, RuleEngine::create(plan, 0, log));
  MachineTask task = machine_task(plan);
  task.ready = true;
  machine_->begin(log, *rules, std::move(task));
  log.add(-1, ResetEvent{cost.total(), cost.pages_copied});
  machine_->thaw();
  WatchOptions options;
  options.limits = plan.limits;
  options.turn = kControlTurn;
  Watch watch(options, environment_.stop, *machine_, judge, log);
  watch.run(no_progress);
  const Status frozen = machine_->freeze();
  machine_->log_usage();
  machine_->milestone(LifecycleEvent::What::end);
  machine_->end();
  events = capture.events();
  if (!frozen) return frozen.error();
  return ControlTrial{judge.judgement(), watch.interrupted(), log.now() - reached_at_};
}

}  // namespace remapstorm
