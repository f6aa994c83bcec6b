// SPDX-License-Identifier: Apache-2.0
// Vcpu: one virtual CPU and the project's only run loop.
//
// Threads: run(), step(), the register calls and set_breakpoints() belong to the thread that runs the vCPU, or to any
// thread while nobody is inside run(). kick() and nmi() may be called from any thread at any time.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/fd.h"
#include "base/mapping.h"
#include "base/result.h"
#include "vmm/arch/host.h"
#include "vmm/breakpoint_resume.h"
#include "vmm/bus.h"
#include "vmm/coalesced_writes.h"
#include "vmm/cpu_state.h"
#include "vmm/dirty_ring.h"
#include "vmm/exit.h"
#include "vmm/fault_entries.h"
#include "vmm/machine_fds.h"
#include "vmm/memory.h"
#include "vmm/stop.h"

struct kvm_run;

namespace remapstorm {

class Vcpu {
 public:
  ~Vcpu();
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  [[nodiscard]] unsigned index() const { return index_; }

  // Runs until something the caller must know. Port and MMIO accesses of devices are served inside; when it returns,
  // the instruction that caused the stop has completed and the registers are consistent (KVM api.rst 5, the note on
  // KVM_EXIT_IO). After a BreakpointStop it steps over that breakpoint by itself.
  [[nodiscard]] Stop run();

  enum class Interrupts : std::uint8_t {
    taken,
    blocked,  // and NMIs, too: KVM_GUESTDBG_BLOCKIRQ, without that capability: HostErrorStop; arm64: no other vCPU may
              // be inside run()
  };
  // One instruction, or the entry into one handler; or one exclusive sequence as a whole (exclusive_sequence.h).
  // Breakpoints do not stop a step. One without an end, such as into the handler of an exception that nobody expects
  // here, is a HostErrorStop (step_limit.h).
  [[nodiscard]] Stop step(Interrupts interrupts = Interrupts::taken);
  // For many steps with Interrupts::blocked while other vCPUs run: between the two no interrupt gets in. Call them
  // while no vCPU is inside run(). Errors: host.
  Status shut_interrupts_out();
  Status let_interrupts_in();

  // What would happen at its next entry.
  enum class Readiness : std::uint8_t {
    runs,       // an instruction, or what interrupts let in
    takes_nmi,  // an NMI waits and can be taken
    halted,     // nothing: it waits for an interrupt
    absent,     // nothing: it waits to be started
  };
  [[nodiscard]] Result<Readiness> readiness() const;

  // Makes run() return InterruptedStop soon, or at its next call if nobody is inside. Never lost: the request is stored
  // first, then immediate_exit is set, then the thread is signalled; run() clears immediate_exit first and looks at the
  // request second, so a kick that slips past the look is caught by immediate_exit. Several kicks may become one stop.
  // If run() stops for another reason at the same moment, the next run() returns InterruptedStop at once.
  void kick();

  // Queues a non-maskable interrupt (KVM_NMI). KVM lets it wait while the vCPU is inside KVM_RUN.
  Status nmi();

  // What only arm64 has; elsewhere: usage. Nobody is inside run().
  // An SError with that ESR_EL1.ISS, taken when PSTATE.A is clear. Errors: unavailable without FEAT_RAS.
  Status serror(std::uint32_t syndrome);
  // It has not been taken yet. Always false elsewhere.
  [[nodiscard]] Result<bool> serror_waits() const;
  // The next instruction is a synchronous external abort: a data abort with FAR_EL1 = `address`.
  Status external_abort(Gva address);

  // At most 4 execution breakpoints, replacing those set before; empty removes them. They are the host's own: the guest
  // does not see them in its debug registers. Errors: usage for more than 4, host.
  Status set_breakpoints(std::span<const Gva> addresses);

  // Lets a vCPU that waits to be started by the guest (every one but 0) run as it is set up.
  Status make_runnable();

  // Returns of KVM_RUN since the last call. Like the register calls.
  [[nodiscard]] ExitCounts take_exit_counts() { return std::exchange(exits_, {}); }

  // What a snapshot keeps of this vCPU beside KVM's state: where run() and step() were. An access that run() has
  // reported is completed first, so that KVM's state is whole afterwards.
  struct RunState {
    BreakpointResume::State resume;
    std::optional<BreakpointResume::Where> step_from;
    // A device write the guest has made and run() has not served yet: the rest of a repeated OUTS. (Of a read the guest
    // has nothing yet; it is made again after a restore.)
    std::optional<Exit> pending_write;
    std::vector<std::uint8_t> pending_data;  // of a port write
    std::uint64_t cr8 = 0;                   // matters only without an in-kernel interrupt controller
  };
  [[nodiscard]] Result<RunState> freeze() const;
  // Before KVM's state is replaced: completes what KVM would otherwise complete on top of the new state, and forgets
  // it. Steps and breakpoints are taken off the vCPU; those of set_breakpoints() come back at the next run().
  Status abandon();
  // After KVM's state was replaced. Errors: usage for a RunState that cannot be (it may come from a file).
  Status thaw(const RunState& state);

  // Notes what is in this vCPU's dirty ring as written (DirtyRing::harvest); run() has done so whenever the ring was
  // full. False if writes may have been missed since the last call. Only of a Vm with rings; outside run().
  bool harvest_dirty_ring();

  // What every architecture has.
  [[nodiscard]] Result<CpuState> state() const;
  // The architecture's own.
  [[nodiscard]] Result<arch::Registers> registers() const;
  Status set_registers(const arch::Registers& registers);
  [[nodiscard]] Result<arch::SystemRegisters> system_registers() const;
  Status set_system_registers(const arch::SystemRegisters& registers);
  // The counter the guest reads (x86: TSC including the offset), and its rate in Hz.
  [[nodiscard]] Result<std::uint64_t> guest_counter() const;
  [[nodiscard]] Result<std::uint64_t> guest_counter_hz() const;
  // Masks the guest's timer, due or not, until release_timer(): it would come in front of what is injected, or not, by
  // the time that steps take. False: not masked (it is off, masked by the guest, or none that can be).
  Result<bool> hold_timer();
  Status release_timer();

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  friend class Vm;
  struct Debug {
    bool step = false;
    bool block_interrupts = false;
    std::vector<Gva> breakpoints;
    bool operator==(const Debug&) const = default;
  };

  Vcpu(const VcpuFds& fds, int vm_fd, Fd fd, Mapping run, std::optional<DirtyRing> dirty_ring, GuestMemory& memory,
       Bus& pio, Bus& mmio, CoalescedWrites& coalesced);
  // What KVM_RUN is called for: to run on, for one step, or for one over a breakpoint that was reported.
  enum class Entry : std::uint8_t { run, step, step_over };
  // `step`: how interrupts are treated during one; nothing: run().
  Stop loop(std::optional<Interrupts> step);
  [[nodiscard]] VcpuFds fds() const { return {fd(), index_, interrupt_controller_}; }
  Stop step_blocked();
  bool interrupts_out_ = false;
  Stop enter_until_stop(std::optional<Interrupts> step);
  // Lets KVM finish the port or MMIO access it stopped for, if there is one, without running the guest on.
  Status settle() const;
  // The Stop of a debug exit, or nothing if it was ours alone.
  std::optional<Stop> on_debug(const DebugExit& exit, Entry entry);
  [[nodiscard]] Result<BreakpointResume::Where> where() const;
  Status begin_step(Interrupts interrupts);
  // Where a step must stop beside behind its instruction.
  [[nodiscard]] Result<std::vector<Gva>> step_entries(Interrupts interrupts);
  Status end_step();
  Status note_step() const;
  [[nodiscard]] Result<bool> must_step_over();
  Status apply_debug(Debug wanted);
  Status empty_dirty_ring();
  [[nodiscard]] std::span<std::uint8_t> area() const;
  HostErrorStop host_stop(Error error) const;

  unsigned index_;
  int vm_fd_;
  int interrupt_controller_;
  Fd fd_;
  Mapping run_mapping_;
  kvm_run* run_;
  std::optional<DirtyRing> dirty_ring_;
  GuestMemory& memory_;
  Bus& pio_;
  Bus& mmio_;
  CoalescedWrites& coalesced_;
  std::atomic<bool> kicked_{false};
  std::atomic<pid_t> running_thread_{0};  // 0: nobody inside run()
  std::vector<Gva> breakpoints_;
  Debug applied_;
  ExitCounts exits_{};
  // Completing a pending access shows nothing a caller could see, so the getters that do it are const.
  mutable bool access_pending_ = false;
  mutable BreakpointResume resume_;
  mutable std::optional<BreakpointResume::Where> step_from_;  // a step is under way
  mutable std::vector<Gva> run_to_;                           // which is no step: see ends_of_sequence()
  mutable std::optional<Exit> deferred_;                      // an exit that settle() ran into
  // For steps only: a guest that runs may change them.
  std::optional<FaultEntries> fault_entries_;
  // Where it is, if that was read, or told with a debug exit, since something last moved it.
  mutable std::optional<BreakpointResume::Where> stands_;
};

}  // namespace remapstorm
