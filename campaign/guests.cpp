// SPDX-License-Identifier: Apache-2.0
#include "campaign/guests.h"

#include "results/trial_metrics.h"

namespace remapstorm {

Status Guests::open() {
  RS_ASSIGN(paths_, installation_.paths());
  RS_ASSIGN(Kvm kvm, Kvm::open());
  RS_TRY(kvm.check_required());
  kvm_.emplace(std::move(kvm));
  RS_ASSIGN(host_, describe_host(*kvm_, clock_, installation_.environment));
  return {};
}

Result<GuestImageInfo> Guests::find_image(const std::string& flavour) {
  const auto known = images_.find(flavour);
  if (known != images_.end()) return known->second;
  RS_ASSIGN(GuestImageInfo image, find_guest_image(paths_, installation_.environment, flavour,
                                                   wanted_of_image(options_.wanted, options_.kernel)));
  return images_.emplace(flavour, std::move(image)).first->second;
}

Result<GuestImageInfo> Guests::image(const std::string& flavour) {
  const std::lock_guard lock(mutex_);
  return find_image(flavour);
}

Result<Runner*> Guests::runner(unsigned worker, const std::string& flavour) {
  const std::lock_guard lock(mutex_);
  auto& runner = runners_[{worker, flavour}];
  if (runner == nullptr) {
    RS_ASSIGN(const GuestImageInfo image, find_image(flavour));
    RS_ASSIGN(runner, Runner::create(*kvm_, image, options_.kernel, host_, clock_, stop_,
                                     options_.keep_snapshots ? paths_.cache + "/snapshots" : ""));
  }
  return runner.get();
}

Result<Plan> Guests::plan(const Scenario& scenario, const Overrides& overrides) {
  RS_ASSIGN(Runner * runner, this->runner(0, chosen_flavour(scenario, overrides)));
  return make_plan(scenario, overrides, runner->guest(), host_, runner->resolver());
}

Result<TrialResult> Guests::run(unsigned worker, const TrialRequest& request, const Watching& watching) {
  RS_ASSIGN(Runner * runner, this->runner(worker, request.plan.flavour));
  return runner->run(request.plan, request.trial, request.folder, request.sinks, watching);
}

Result<TrialResult> Guests::run_control(unsigned worker, const Plan& plan, std::vector<Event>& events) {
  RS_ASSIGN(Runner * runner, this->runner(worker, plan.flavour));
  std::unique_ptr<ControlWorker>* mine = nullptr;
  {
    const std::lock_guard lock(mutex_);
    mine = &controls_[{worker, plan.flavour + "\n" + plan.strategy + "\n" + plan.workload_text}];
  }
  if (*mine == nullptr) {
    Plan bare = plan;
    bare.rules.clear();
    RS_ASSIGN(*mine, ControlWorker::create(runner->environment(), bare));
  }
  Result<TrialResult> trial = (*mine)->execute(plan, events);
  if (!trial.ok()) mine->reset();
  return trial;
}

}  // namespace remapstorm
