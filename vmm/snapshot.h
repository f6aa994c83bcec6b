// SPDX-License-Identifier: Apache-2.0
// Snapshot: a frozen machine: memory, everything KVM keeps, devices, and where the run loops were. It can be taken
// anywhere, also at an armed probe's doorbell, at a breakpoint, or with an interrupt pending.
//
// Not in it, because it belongs to the host and stays as it is: breakpoints (Vcpu::set_breakpoints), kicks, page
// delays, the workload text a TextPort serves, the callbacks of the devices.
//
// Time: where KVM can set the guest's counter, guest time goes on from the instant of the snapshot. KVM-PVM cannot
// (StatePlan::counter_settable): there the guest sees the host's counter jump forward by what has passed since.
#pragma once

#include <vector>

#include "base/result.h"
#include "vmm/kvm_state.h"
#include "vmm/memory_image.h"
#include "vmm/platform.h"
#include "vmm/vm.h"

namespace remapstorm {

class Snapshot {
 public:
  // Every vCPU is outside run(); the machine can go on afterwards. Errors: host.
  static Result<Snapshot> take(Vm& vm, const Platform& platform);

  // One that was kept elsewhere (snapshot_file.h).
  static Snapshot of_parts(MemoryImage memory, KvmState kvm, PlatformState platform, std::vector<Vcpu::RunState> run);

  // Into a fresh Vm of the same shape, none of whose vCPUs has run; whatever is in its memory is replaced. After an
  // error the Vm is of no use. Errors: usage for a machine of another shape, or when the counter would run back; host.
  Status restore(Vm& vm, Platform& platform) const;

  [[nodiscard]] const MemoryImage& memory() const { return memory_; }
  [[nodiscard]] const KvmState& kvm_state() const { return kvm_; }
  [[nodiscard]] const PlatformState& platform_state() const { return platform_; }
  [[nodiscard]] const std::vector<Vcpu::RunState>& run_states() const { return run_; }

 private:
  Snapshot() = default;

  MemoryImage memory_;
  KvmState kvm_;
  PlatformState platform_;
  std::vector<Vcpu::RunState> run_;
};

}  // namespace remapstorm
