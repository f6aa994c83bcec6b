// SPDX-License-Identifier: Apache-2.0
// Vm: one virtual machine: memory slots, in-kernel interrupt controller, timer, buses, vCPUs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "vmm/bus.h"
#include "vmm/coalesced_writes.h"
#include "vmm/cpu_policy.h"
#include "vmm/dirty_tracker.h"
#include "vmm/kvm.h"
#include "vmm/kvm_state.h"
#include "vmm/line_level.h"
#include "vmm/machine_fds.h"
#include "vmm/memory.h"
#include "vmm/vcpu.h"

namespace remapstorm {

inline constexpr unsigned kMaxVcpus = 8;

struct VmConfig {
  unsigned vcpus = 1;  // 1..kMaxVcpus
  CpuPolicy cpu;
  bool interrupt_controller = true;  // false only for bare test guests: then HLT is a HaltStop
  DirtyTracking dirty_tracking = DirtyTracking::automatic;
  std::uint32_t dirty_ring_entries = kDirtyRingEntries;  // of each vCPU, if rings are used
};

class Vm {
 public:
  // `kvm` and `memory` must outlive the Vm. All regions of `memory` become memory slots.
  // Errors: usage for a bad number of vCPUs or ring entries; unavailable for a missing capability; host for a failing
  // ioctl.
  static Result<std::unique_ptr<Vm>> create(const Kvm& kvm, GuestMemory& memory, const VmConfig& config);
  ~Vm();
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;

  [[nodiscard]] GuestMemory& memory() const { return memory_; }
  [[nodiscard]] Bus& pio() { return pio_; }
  [[nodiscard]] Bus& mmio() { return mmio_; }
  [[nodiscard]] CoalescedWrites& coalesced_writes() { return *coalesced_writes_; }
  [[nodiscard]] unsigned vcpu_count() const { return static_cast<unsigned>(vcpus_.size()); }
  [[nodiscard]] Vcpu& vcpu(unsigned index) { return *vcpus_[index]; }

  // The three below may be called from any thread, also while the vCPUs run; delivery is at the next instruction
  // boundary of the target with interrupts enabled.
  // Level of an interrupt line (KVM_IRQ_LINE). `line`: its `irq` field, as the architecture counts them: x86 IOAPIC pin
  // / PIC input; arm64: arch/arm64/gic.h.
  Status irq_line(std::uint32_t line, LineLevel level);
  // One edge: high, then low.
  Status irq_pulse(std::uint32_t line);
  // A message-signalled interrupt (KVM_SIGNAL_MSI); x86: see arch/x86_64/msi.h for address and data.
  // A target that refused it (its local APIC is off) is an error of kind host.
  Status signal_msi(std::uint64_t address, std::uint32_t data);

  // What of this machine can be saved, see kvm_state.h.
  [[nodiscard]] const StatePlan& state_plan() const { return state_plan_; }
  // log or ring.
  [[nodiscard]] DirtyTracking dirty_tracking() const { return dirty_tracking_; }
  // What the guest reads as time, of all vCPUs; none is inside run(). Only if state_plan().timers_follow_counter.
  Status set_counter(std::uint64_t value);
  // What the ioctls on the whole machine go to.
  [[nodiscard]] MachineFds fds() const { return {fd(), interrupt_controller_.get(), vcpu_fds_}; }

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Vm(Fd fd, GuestMemory& memory);
  Status settle_dirty_tracking(const Kvm& kvm, const VmConfig& config);
  Status add_memory_slots();
  Status add_vcpu(const Kvm& kvm, unsigned index, const VmConfig& config);

  Fd fd_;
  Fd interrupt_controller_;
  GuestMemory& memory_;
  Bus pio_;
  Bus mmio_;
  std::unique_ptr<CoalescedWrites> coalesced_writes_;  // in the area of vCPU 0
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
  std::vector<int> vcpu_fds_;
  StatePlan state_plan_;
  DirtyTracking dirty_tracking_ = DirtyTracking::log;
};

}  // namespace remapstorm
