// SPDX-License-Identifier: Apache-2.0
#include "cli/trial_pool.h"

#include "cli/scenario_files.h"

namespace remapstorm {

Status TrialPool::open() {
  RS_ASSIGN(Kvm kvm, Kvm::open());
  RS_TRY(kvm.check_required());
  kvm_.emplace(std::move(kvm));
  RS_ASSIGN(host_, describe_host(*kvm_, clock_, context_.environment));
  RS_ASSIGN(paths_, find_paths(context_.environment, context_.home));
  times_ = TrialTimes::load(paths_.cache + kTimesFile);
  return {};
}

Result<GuestImageInfo> TrialPool::find_image(const std::string& flavour) {
  const auto known = images_.find(flavour);
  if (known != images_.end()) return known->second;
  RS_ASSIGN(GuestImageInfo image, find_guest_image(paths_, context_.environment, flavour, wanted_));
  return images_.emplace(flavour, std::move(image)).first->second;
}

Result<GuestImageInfo> TrialPool::image(const std::string& flavour) {
  const std::lock_guard lock(mutex_);
  return find_image(flavour);
}

Result<Runner*> TrialPool::runner(unsigned worker, const std::string& flavour) {
  const std::lock_guard lock(mutex_);
  auto& runner = runners_[{worker, flavour}];
  if (runner == nullptr) {
    RS_ASSIGN(const GuestImageInfo image, find_image(flavour));
    RS_ASSIGN(runner, Runner::create(*kvm_, image, "", host_, clock_, stop_, paths_.cache + "/snapshots"));
  }
  return runner.get();
}

Result<Plan> TrialPool::plan(const Scenario& scenario, const Overrides& overrides) {
  RS_ASSIGN(Runner * runner, this->runner(0, chosen_flavour(scenario, overrides)));
  return make_plan(scenario, overrides, runner->guest(), host_, runner->resolver());
}

}  // namespace remapstorm
