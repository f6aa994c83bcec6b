// SPDX-License-Identifier: Apache-2.0
// Machine: one guest with its vCPU threads. Turns Stops into events and rule candidates, keeps vCPUs held or paused,
// and is what injectors act on (GuestControl). It serves one trial after another: frozen between them, it can be
// snapshotted, stepped by hand and set back.
//
// One lock orders everything but KVM_RUN itself: stops, the event log, holds, pausing. vCPU threads release it only to
// run the guest or to wait. Two other threads take it: the stage-2 server when a delay ended (holding no lock of its
// own), and the owner of the Machine, which calls its public functions.
//
// Order of calls: create, then load() or restore(); begin() for each trial; start() once; turn(), sample() while it
// runs; freeze() and end(), then the next begin() and thaw(); stop() for good.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "injectors/hold_state.h"
#include "injectors/injector.h"
#include "injectors/page_delay.h"
#include "trial/event_log.h"
#include "trial/host_share.h"
#include "trial/inspector.h"
#include "trial/ring_pump.h"
#include "trial/rule_engine.h"
#include "trial/stolen_time.h"
#include "trial/supervised.h"
#include "trial/time_shift.h"
#include "vmm/kvm.h"
#include "vmm/linux_boot.h"
#include "vmm/platform.h"
#include "vmm/reset.h"
#include "vmm/snapshot.h"

namespace remapstorm {

// What a machine is, for all its trials.
struct MachineConfig {
  unsigned cpus = 1;
  std::uint64_t memory = 0;  // bytes
  CpuPolicy cpu;
  std::string initramfs_path;
  std::span<const std::byte> initramfs{};  // its bytes; they must outlive the machine
  // Parameters for the guest's kernel; those that depend on the machine (mailbox, counter rate) are added.
  std::string command_line;
  std::string workload_text;
  bool stage2_delays = false;          // a plan uses them: userfaultfd is needed
  const StolenTime* stolen = nullptr;  // null: none that schedstat does not tell; else it must outlive the machine
  bool breakpoints = true;             // the host has execution breakpoints: a task that asks for them fails without
};

// What one trial asks of it.
struct MachineTask {
  std::vector<std::uint16_t> armed_probes;   // from READY on
  std::vector<Gva> breakpoints;              // from READY on
  std::vector<std::uint16_t> silent_probes;  // from READY on, unless armed
  bool ready = false;  // the guest is beyond its ready doorbell already: a snapshot was taken there
  // Freezes the whole machine at its ready doorbell, before anything is armed, until release_ready().
  bool catch_ready = false;
  // True freezes the whole machine there. Called with the lock held, on the vCPU's thread.
  std::function<bool(const Candidate&)> catch_at;
};

// A frozen machine: the guest, and how far its rings were read.
struct MachineSnapshot {
  Snapshot guest;
  RingPump::State rings;
  std::uint64_t counter = 0;  // of the guest, vCPU 0
};

// The same as a difference to the MachineSnapshot that reset() goes back to.
struct MachineCheckpoint {
  Checkpoint guest;
  RingPump::State rings;
  std::uint64_t counter = 0;
};

class Machine final : public GuestControl, public SupervisedMachine {
 public:
  // `kvm`, `symbols`, `clock` must outlive the machine.
  static Result<std::unique_ptr<Machine>> create(const Kvm& kvm, const Symbols& symbols, const Clock& clock,
                                                 const MachineConfig& config);
  ~Machine() override;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Before start(): a kernel to boot, or a snapshot of a machine of the same shape.
  Status load(const KernelImage& kernel);
  Status restore(const MachineSnapshot& snapshot);

  // A new trial: `log` and `rules` must outlive it. Before start(), or frozen.
  void begin(EventLog& log, RuleEngine& rules, MachineTask task);
  // The trial is over: nothing is logged any more until the next begin(). Frozen.
  void end();
  // Starts the vCPU threads; the guest runs unless the machine is frozen.
  void start();
  // SupervisedMachine.
  MachineState turn(Nanoseconds longest) override;
  void sample(const std::string& reason, unsigned round, const std::vector<Gva>& locks) override;
  Nanoseconds ran_since_sample(const std::vector<int>& vcpus) override;
  [[nodiscard]] std::uint64_t console_written() const override;
  void milestone(LifecycleEvent::What what, const std::string& detail) override;
  using SupervisedMachine::milestone;
  [[nodiscard]] std::unique_lock<std::mutex> lock() override { return std::unique_lock(mutex_); }
  // Logs a UsageEvent of each vCPU and of the calling thread, which has called begin(). Stopped or frozen.
  void log_usage();
  // Ends holds and delays, takes the vCPUs out of the guest for good, drains the rings. Idempotent.
  void stop();

  // Takes all vCPUs out of the guest until thaw(); ends holds, drains rings. Error: host, if one does not come out.
  Status freeze();
  // `by_hand`: this vCPU stays out, to be stepped by the caller while the others run.
  void thaw(std::optional<unsigned> by_hand = std::nullopt);
  // Frozen: time goes on for the guest where it stood when it was frozen, however long it is looked at and stepped.
  // Before each step; nothing where KVM cannot do that (StatePlan::timers_follow_counter).
  Status keep_time();
  // Frozen: the timer of this vCPU does not come until the machine goes on. Nothing where keep_time() is nothing.
  Status hold_timer(unsigned vcpu);
  // Frozen at the ready doorbell: the trial begins.
  void release_ready();
  // Frozen, after catch_at caught: lets it catch again.
  void release_catch();

  // The following while frozen, or before start(), or of a vCPU that is by hand, on any one thread.
  [[nodiscard]] Vcpu& vcpu(unsigned index) { return vm_->vcpu(index); }
  [[nodiscard]] const GuestMemory& memory() const { return *memory_; }
  [[nodiscard]] const Inspector& inspector() const { return *inspector_; }
  // What a stop that step() returned means to triggers, its ring entry logged; nothing for a plain step.
  std::optional<Candidate> candidate_of(unsigned index, const Stop& stop);
  // Lets rule `index` of the trial act on a vCPU that stands at pc; returns the token of the injection, or 0.
  std::uint32_t inject(std::size_t rule, unsigned vcpu, Gva pc);
  Result<MachineSnapshot> take_snapshot();
  // From now on reset() goes back to `snapshot`, which must outlive the machine.
  Status prepare_reset(const MachineSnapshot& snapshot);
  // No reset() any more: the snapshot may go.
  void leave_reset();
  // To that snapshot, or to a checkpoint of it, which any machine with that snapshot may have made.
  Result<ResetCost> reset(const MachineCheckpoint* to = nullptr);
  // As the machine stands; reset() was called before. `before`: an earlier one on the same way, or null.
  Result<MachineCheckpoint> take_checkpoint(const MachineCheckpoint* before);
  // As in the guest's events: its counter, and by how much that was set back. Error: host.
  [[nodiscard]] Result<Nanoseconds> guest_time() const;
  [[nodiscard]] Nanoseconds set_back() const { return set_back_; }
  // After reset(), for a trial with that log: how what the guest logged before has to move. Error: host.
  [[nodiscard]] Result<TimeShift> time_shift(const StoppedAt& stopped, const EventLog& log) const;
  // What the guest itself noted before moves along, too.
  void move_notes(const TimeShift& shift);
  // Execution breakpoints fire on this host's KVM: a step that enters a handler ends there.
  [[nodiscard]] bool breakpoints() const { return config_.breakpoints; }

  // GuestControl, with the lock held.
  [[nodiscard]] unsigned vcpu_count() const override { return vm_->vcpu_count(); }
  std::uint32_t new_token() override { return ++last_token_; }
  Mailbox& mailbox() override { return *mailbox_; }
  Status raise(unsigned vcpu, InterruptKind kind) override;
  Status serror(unsigned vcpu, std::uint32_t syndrome, std::uint32_t token) override;
  Status external_abort(unsigned vcpu, Gva address, std::uint32_t token) override;
  Status hold(unsigned vcpu, const HoldRequest& request) override;
  Status delay_page(Gpa page, Nanoseconds delay, std::uint32_t token) override;
  [[nodiscard]] Result<MappedPage> translate(unsigned vcpu, Gva address) override;

 private:
  [[nodiscard]] Result<std::uint64_t> standing_counter() const;
  Status release_timers();
  void goes_on();      // frozen until now; with the lock held
  struct VcpuThread {  // what the machine knows of one vCPU; all under mutex_
    std::thread thread;
    HoldState hold;
    bool parked = true;    // not inside run(): its registers may be read
    bool retired = false;  // never to run again in this trial
    bool by_hand = false;  // stepped by the machine's owner
    bool breakpoints_stale = false;
    bool timer_held = false;  // see hold_timer()
    // An SError or an external abort that it has not been seen to have taken; token 0: none.
    struct ErrorException {
      InjectorKind kind = InjectorKind::unknown;
      std::uint32_t token = 0;
    } error;
    std::optional<clockid_t> cpu_clock;
    std::uint64_t sampled_cpu_ns = 0;  // cpu_clock at the last sample
    std::optional<ThreadWatch> watch;
    ThreadShare share;
    Nanoseconds waited_logged{0};  // of waited_by(), what HostWaitEvents have told
    // What the thread did since the trial began, and since when it does what it does now (UsageEvent).
    Nanoseconds since{0}, guest{0}, harness{0}, parked_for{0};
    std::uint64_t cpu_ns = 0;        // of the thread when it ended
    std::uint64_t cpu_ns_began = 0;  // when the trial began
  };
  using Lock = std::unique_lock<std::mutex>;

  Machine(const Clock& clock, MachineConfig config) : clock_(clock), config_(std::move(config)) {}
  Status build(const Kvm& kvm, const Symbols& symbols);

  void vcpu_loop(unsigned index);
  Status arm_breakpoints(Vcpu& vcpu) const;
  void on_stop(unsigned index, const Stop& stop);
  void on_doorbell(unsigned index, std::uint32_t value);
  std::optional<Candidate> probe_candidate(unsigned index, std::uint32_t operand);
  void lower_line(unsigned index, std::uint32_t kind);
  void on_ready();
  void arm();
  void on_candidate(const Candidate& candidate, const std::string& where);
  RuleEngine::Place place_of(const Candidate& candidate, const std::string& where);
  void bad_doorbell(unsigned index, const std::string& detail);
  void retire(unsigned index, LifecycleEvent::What what, const std::string& detail);
  void end_hold(unsigned index, const std::optional<HoldEnd>& end);
  void tell_held();  // the guest
  void end_error(unsigned index);
  void on_delay_end(const PageDelayEnd& end);
  void on_console_line(std::string_view line, LineEnd end);
  void account_host();
  void attend();
  [[nodiscard]] Nanoseconds unattended() const;
  [[nodiscard]] Nanoseconds waited_by(const VcpuThread& vcpu_thread) const;
  Nanoseconds spend(VcpuThread& vcpu_thread, Nanoseconds& sum) const;
  bool pause(Lock& lock);
  void log_sample(unsigned index, const std::string& reason, unsigned round, const std::vector<Gva>& locks);
  [[nodiscard]] bool held() const;

  const Clock& clock_;
  MachineConfig config_;
  // Of the trial.
  EventLog* log_ = nullptr;
  RuleEngine* rules_ = nullptr;
  MachineTask task_;

  std::unique_ptr<GuestMemory> memory_;
  std::unique_ptr<Vm> vm_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<Mailbox> mailbox_;
  std::optional<Inspector> inspector_;
  std::unique_ptr<RingPump> pump_;
  std::unique_ptr<PageDelay> delays_;
  std::unique_ptr<Reset> reset_;
  const MachineSnapshot* reset_to_ = nullptr;
  std::uint64_t counter_reset_ = 0;          // the guest's, in what reset() went back to
  std::optional<std::uint64_t> stands_at_;   // the guest's counter, while frozen
  Nanoseconds set_back_{0};                  // since the last reset(): of the counter, while it was frozen
  std::optional<Nanoseconds> frozen_since_;  // time of the trial

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<VcpuThread>> threads_;
  MachineState state_;
  GivenTime given_;
  struct Attention {  // of the thread that calls turn(): when it last looked, and then
    Nanoseconds since{0};
    Nanoseconds cpu{0};      // processor time it had used
    Nanoseconds harness{0};  // of all threads: meanwhile it may wait for the lock
    Nanoseconds slept{0};    // of its own will since
  } attention_;
  std::uint32_t last_token_ = 0;
  unsigned bad_doorbells_ = 0;      // of this trial
  std::uint64_t watch_cpu_ns_ = 0;  // of the thread that called begin(), then
  bool paused_ = false;
  bool stopping_ = false;
};

}  // namespace remapstorm
