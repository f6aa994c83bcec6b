// SPDX-License-Identifier: Apache-2.0
// Runner: what all trials of a run share (KVM, the kernel and its symbols, the host's kind) and one trial at a time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/kernel_files.h"
#include "base/mapping.h"
#include "base/paths.h"
#include "plan/plan.h"
#include "results/trial_result.h"
#include "trial/kept_trial.h"
#include "trial/trial.h"
#include "vmm/kernel.h"
#include "vmm/kvm.h"

namespace remapstorm {

// What this machine is: measures the host's kind with throw-away guests (less than 250 ms); in the lab REMAPSTORM_LAB
// says so, and the kind is "lab:" and its name, whatever was measured. Errors: those of calibrate().
Result<HostInfo> describe_host(const Kvm& kvm, const Clock& clock, const Environment& environment);

class Runner {
 public:
  // `own`: boots instead of the image's kernel, if it names one. `stop` ends the trial in progress once true.
  // `snapshots`: folder of booted guests, or empty: every trial boots its own. Errors: usage for a kernel that cannot
  // be booted.
  static Result<std::unique_ptr<Runner>> create(const Kvm& kvm, const GuestImageInfo& image, const KernelFiles& own,
                                                const HostInfo& host, const Clock& clock, const std::atomic<bool>& stop,
                                                const std::string& snapshots);

  // What explorers run their trials with; refers to this Runner.
  [[nodiscard]] TrialEnvironment environment() {
    TrialEnvironment shared{kvm_,          kernel_.image, kernel_.symbols, clock_, initramfs_path_, initramfs_.bytes(),
                            command_line_, stop_};
    if (boots_) shared.boots = &*boots_;
    shared.stolen = stolen_.get();
    shared.breakpoints = breakpoints_;
    return shared;
  }
  // What boots: the image, or the image with another kernel; with the hashes of the bytes that boot.
  [[nodiscard]] const GuestImageInfo& guest() const { return guest_; }
  // For make_plan().
  [[nodiscard]] ResolveSymbol resolver() const;
  // Runs one trial; leaves events.jsonl and console.log in `folder`, which exists, or nothing if it is empty. `sinks`:
  // who hears its events besides. Never throws away what it saw: trouble of the host is in the result.
  TrialResult run(const Plan& plan, std::uint64_t trial, const std::string& folder, std::vector<EventSink*> sinks,
                  const Watching& watching);

 private:
  Runner(const Kvm& kvm, const Clock& clock, const std::atomic<bool>& stop, Kernel kernel)
      : kvm_(kvm), clock_(clock), stop_(stop), kernel_(std::move(kernel)) {}

  const Kvm& kvm_;
  const Clock& clock_;
  const std::atomic<bool>& stop_;
  Kernel kernel_;
  GuestImageInfo guest_;
  std::string initramfs_path_;
  Mapping initramfs_;
  CommandLine command_line_;
  std::unique_ptr<StolenTime> stolen_;  // in the lab
  bool breakpoints_ = true;
  std::optional<BootedGuests> boots_;
  std::vector<std::string> notes_;  // of boots_, until somebody asks
};

}  // namespace remapstorm
