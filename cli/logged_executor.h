// SPDX-License-Identifier: Apache-2.0
// LoggedExecutor: another executor, with what it does in the log: the host, each guest image, each trial. The one
// place where trials are logged, whatever the campaign.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/paths.h"
#include "campaign/executor.h"
#include "cli/log.h"

namespace remapstorm {

class LoggedExecutor final : public Executor {
 public:
  // All must outlive this.
  LoggedExecutor(Executor& executor, Log& log, const Clock& clock, const Environment& environment)
      : executor_(executor), log_(log), clock_(clock), environment_(environment) {}

  Status open() override;
  [[nodiscard]] const HostInfo& host() const override { return executor_.host(); }
  Result<GuestImageInfo> image(const std::string& flavour) override;
  Result<Plan> plan(const Scenario& scenario, const Overrides& overrides) override;
  Result<TrialResult> run(unsigned worker, const TrialRequest& request, const Watching& watching) override;
  Result<TrialResult> run_control(unsigned worker, const Plan& plan, std::vector<Event>& events) override;

 private:
  void tell_image(const GuestImageInfo& image);

  Executor& executor_;
  Log& log_;
  const Clock& clock_;
  const Environment& environment_;
  std::mutex mutex_;
  std::set<std::string> told_;  // folders of images
};

}  // namespace remapstorm
