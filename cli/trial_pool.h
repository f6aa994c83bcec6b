// SPDX-License-Identifier: Apache-2.0
// TrialPool: what commands share that run many trials at a time: KVM, the host's kind, and for each worker thread a
// Runner of its own for each flavour.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "cli/command.h"
#include "results/trial_times.h"
#include "trial/guest_image.h"
#include "trial/runner.h"

namespace remapstorm {

class TrialPool {
 public:
  // All must outlive this. `stop` ends the trials in progress once true. `wanted`: see find_guest_image().
  TrialPool(const CommandContext& context, const Clock& clock, const std::atomic<bool>& stop, SameBytes wanted = {})
      : context_(context), clock_(clock), stop_(stop), wanted_(std::move(wanted)) {}

  // Opens KVM and measures the host. Errors: unavailable, host.
  Status open();
  [[nodiscard]] const HostInfo& host() const { return host_; }
  // How long trials took here before; kept by save_times(). Shared by the caller's threads as the caller says.
  [[nodiscard]] TrialTimes& times() { return times_; }
  void save_times() const { times_.save(paths_.cache + kTimesFile); }

  // After open(); from any thread. Errors: unavailable (no image), usage, host.
  Result<GuestImageInfo> image(const std::string& flavour);
  Result<Runner*> runner(unsigned worker, const std::string& flavour);
  Result<Plan> plan(const Scenario& scenario, const Overrides& overrides);

 private:
  static constexpr const char* kTimesFile = "/trial-times.json";
  Result<GuestImageInfo> find_image(const std::string& flavour);

  const CommandContext& context_;
  const Clock& clock_;
  const std::atomic<bool>& stop_;
  SameBytes wanted_;
  std::optional<Kvm> kvm_;
  HostInfo host_;
  Paths paths_;
  TrialTimes times_;
  std::mutex mutex_;  // below
  std::map<std::string, GuestImageInfo> images_;
  std::map<std::pair<unsigned, std::string>, std::unique_ptr<Runner>> runners_;
};

}  // namespace remapstorm
