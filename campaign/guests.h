// SPDX-License-Identifier: Apache-2.0
// Guests: the executor on this machine's KVM. The one place that opens it and measures the host for what runs guests;
// each worker has a Runner of its own for each flavour.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/kernel_files.h"
#include "campaign/control_worker.h"
#include "campaign/executor.h"
#include "campaign/installation.h"
#include "trial/guest_image.h"
#include "trial/runner.h"

namespace remapstorm {

class Guests final : public Executor {
 public:
  struct Options {
    SameBytes wanted{};          // of which image: see find_guest_image()
    KernelFiles kernel{};        // instead of the image's
    bool keep_snapshots = true;  // else a guest is booted for every trial
  };
  // `installation`, `clock` and `stop` must outlive this. `stop` ends the trials in progress once true.
  Guests(const Installation& installation, const Clock& clock, const std::atomic<bool>& stop, Options options)
      : installation_(installation), clock_(clock), stop_(stop), options_(std::move(options)) {}

  Status open() override;
  [[nodiscard]] const HostInfo& host() const override { return host_; }
  Result<GuestImageInfo> image(const std::string& flavour) override;
  Result<Plan> plan(const Scenario& scenario, const Overrides& overrides) override;
  Result<TrialResult> run(unsigned worker, const TrialRequest& request, const Watching& watching) override;
  Result<TrialResult> run_control(unsigned worker, const Plan& plan, std::vector<Event>& events) override;

  // After open(); from any thread. Errors: those of image(), of Runner::create().
  Result<Runner*> runner(unsigned worker, const std::string& flavour);

 private:
  Result<GuestImageInfo> find_image(const std::string& flavour);

  const Installation& installation_;
  const Clock& clock_;
  const std::atomic<bool>& stop_;
  const Options options_;
  std::optional<Kvm> kvm_;
  HostInfo host_;
  Paths paths_;
  std::mutex mutex_;  // below: the maps, not what each worker has in them
  std::map<std::string, GuestImageInfo> images_;
  std::map<std::pair<unsigned, std::string>, std::unique_ptr<Runner>> runners_;
  std::map<std::pair<unsigned, std::string>, std::unique_ptr<ControlWorker>> controls_;
};

}  // namespace remapstorm
