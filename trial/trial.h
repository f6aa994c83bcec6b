// SPDX-License-Identifier: Apache-2.0
// Trial: one guest, booted or from a snapshot of its ready doorbell, to its verdict. Owns the Machine; its Supervisor
// answers suspicions with samples and keeps the limits.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "plan/command_line.h"
#include "plan/plan.h"
#include "results/trial_result.h"
#include "telemetry/event.h"
#include "telemetry/judge.h"
#include "trial/booted_guests.h"
#include "trial/machine.h"
#include "trial/supervisor.h"
#include "vmm/kernel_image.h"
#include "vmm/kvm.h"
#include "vmm/symbols.h"

namespace remapstorm {

// What every trial of a run shares.
struct TrialEnvironment {
  const Kvm& kvm;
  const KernelImage& kernel;
  const Symbols& symbols;
  const Clock& clock;
  std::string initramfs_path;
  std::span<const std::byte> initramfs;
  CommandLine command_line;       // of the image and the host kind
  const std::atomic<bool>& stop;  // Ctrl-C, SIGTERM
  // Longest time from KVM_RUN to the ready doorbell.
  Nanoseconds boot_limit{180'000'000'000};
  // Where booted guests come from and go to; null: every trial boots its own. Must outlive the trials.
  BootedGuests* boots = nullptr;
  // Of a host that is a guest itself and does not know; null: its schedstat tells all. Must outlive the trials.
  const StolenTime* stolen = nullptr;
  bool breakpoints = true;  // HostInfo
};

// What a plan asks of a machine, and of one trial on it.
MachineConfig machine_config(const TrialEnvironment& environment, const Plan& plan);
MachineTask machine_task(const Plan& plan);

using Progress = std::function<void(const char* phase, Nanoseconds since_start)>;

// The steps of a trial that explorers share.
//
// A machine with its kernel loaded, to be booted, or where a snapshot of its ready doorbell left it; `task` says which.
Result<std::unique_ptr<Machine>> make_machine(const TrialEnvironment& environment, const MachineConfig& config,
                                              MachineTask& task);
// What the log of a guest says that did not boot.
void log_restored(EventLog& log);
// Lets `supervisor` run to its end. A snapshot of the ready doorbell if the task asked to catch it, for
// TrialEnvironment::boots.
std::optional<MachineSnapshot> run_past_ready(Machine& machine, Supervisor& supervisor, const Progress& progress);

// Error: the trial could not begin. Once the guest runs, everything that goes wrong is an event and shapes the
// judgement. `progress` is called about every 100 ms with one of "booting", "running".
Result<TrialResult> run_trial(const TrialEnvironment& environment, const Plan& plan, std::uint64_t trial,
                              std::vector<EventSink*> sinks, const Progress& progress);

}  // namespace remapstorm
