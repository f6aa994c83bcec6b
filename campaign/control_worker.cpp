// SPDX-License-Identifier: Apache-2.0
#include "campaign/control_worker.h"

#include <algorithm>

#include "results/trial_result.h"
#include "telemetry/kinds.h"
#include "telemetry/sinks.h"
#include "trial/reach.h"
#include "trial/supervisor.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kControlTurn = std::chrono::milliseconds(1);

void no_progress(const char* /*phase*/, Nanoseconds /*since_start*/) {}

bool delays_pages(const Plan& plan) {
  return std::any_of(plan.rules.begin(), plan.rules.end(), [](const Rule& rule) {
    return injector_kind(rule.action.injector) == InjectorKind::stage2_delay;
  });
}

}  // namespace

Result<std::unique_ptr<ControlWorker>> ControlWorker::create(const TrialEnvironment& environment, const Plan& plan) {
  std::unique_ptr<ControlWorker> worker(new ControlWorker(environment));
  Plan shared = plan;
  shared.nmis = true;  // of other trials on this machine
  RS_TRY(worker->reach_remap(shared));
  return worker;
}

// A guest at its ready doorbell waits until it is quiet before it begins its work; trials start behind that.
Status ControlWorker::reach_remap(const Plan& plan) {
  MachineTask task;
  // Nothing that a rule may wait for comes before it.
  task.armed_probes = {RS_PROBE_REMAP_BEGIN};
  task.catch_at = [](const Candidate& candidate) {
    return candidate.probe && candidate.probe->probe == RS_PROBE_REMAP_BEGIN;
  };
  RS_ASSIGN(Reached reached, reach(environment_, plan, std::move(task), plan.limits, no_progress));
  if (reached.interrupted) return host_error("interrupted before the first control trial");
  if (!reached.state.caught) {
    const Judgement judgement = reached.recorder->judge().judgement();
    Error error = guest_error("the guest for control trials does not come to a remap: " + judgement.reasons.front());
    error.kind = kind_of_trouble(judgement);
    return error;
  }
  stopped_ = reached.stopped;
  prologue_ = reached.recorder->kept().events();
  machine_ = std::move(reached.machine);
  auto snapshot = machine_->take_snapshot();
  machine_->end();
  if (!snapshot) return snapshot.error();
  at_remap_ = std::move(snapshot).value();
  return machine_->prepare_reset(*at_remap_);
}

// A page that is out of stage 2 must not be copied back to: what delays pages gets a machine that is thrown away.
Result<TrialResult> ControlWorker::on_a_machine_of_its_own(const Plan& plan, std::vector<Event>& events) const {
  CaptureSink capture;
  Result<TrialResult> result = run_trial(environment_, plan, 0, {&capture}, no_progress);
  if (result) events = capture.events();
  return result;
}

Result<TrialResult> ControlWorker::execute(const Plan& plan, std::vector<Event>& events) {
  if (delays_pages(plan)) return on_a_machine_of_its_own(plan, events);
  RS_ASSIGN(const ResetCost cost, machine_->reset());
  Recorder recorder(environment_.clock, environment_.symbols, plan, {.now = stopped_.trial_time});
  recorder.log_plan(0);
  RS_ASSIGN(const TimeShift shift, machine_->time_shift(stopped_, recorder.log()));
  recorder.replay(prologue_, shift);
  MachineTask task = machine_task(plan);
  task.ready = true;
  RS_TRY(recorder.begin(*machine_, 0, std::move(task)));
  recorder.log().add(-1, ResetEvent{cost.total(), cost.pages_copied});
  machine_->thaw();
  SupervisorOptions options;
  options.limits = plan.limits;
  options.turn = kControlTurn;
  Supervisor supervisor(options, environment_.stop, *machine_, recorder.judge(), recorder.log());
  supervisor.run(no_progress);
  const Status ended = recorder.end(*machine_);
  events = recorder.kept().events();
  if (!ended) return ended.error();
  TrialResult result = conclude(recorded(plan, 0), recorder.judge().judgement());
  result.interrupted = supervisor.interrupted();
  result.duration = recorder.log().now() - stopped_.trial_time;
  return result;
}

}  // namespace remapstorm
