// SPDX-License-Identifier: Apache-2.0
// Machine: one guest with its vCPU threads. Turns Stops into events and rule candidates, keeps vCPUs held or paused,
// and is what injectors act on (GuestControl).
//
// One lock orders everything but KVM_RUN itself: stops, the event log, holds, pausing. vCPU threads release it only to
// run the guest or to wait. Two other threads take it: the stage-2 server when a delay ended (holding no lock of its
// own), and the Trial, which owns the Machine and calls its public functions.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/event_log.h"
#include "harness/host_share.h"
#include "harness/inspector.h"
#include "harness/plan.h"
#include "harness/ring_pump.h"
#include "harness/rule_engine.h"
#include "injectors/hold_state.h"
#include "injectors/injector.h"
#include "injectors/page_delay.h"
#include "vmm/kvm.h"
#include "vmm/linux_boot.h"
#include "vmm/platform.h"

namespace remapstorm {

struct MachineConfig {
  unsigned cpus = 1;
  std::uint64_t memory = 0;  // bytes
  std::string initramfs_path;
  // Parameters for the guest's kernel; those that depend on the machine (mailbox, counter rate) are added.
  std::string command_line;
  std::string workload_text;
  std::vector<std::uint16_t> armed_probes;  // from READY on
  std::vector<Gva> breakpoints;             // from READY on
  bool stage2_delays = false;               // the plan uses them: userfaultfd is needed
};

// Where the guest has come to. Only ever grows.
struct MachineState {
  bool ready = false;
  bool done = false;        // every workload ended
  bool dead = false;        // panic, triple fault, power-off, host failure: nothing more will come
  bool held = false;        // something of ours keeps a vCPU from going on right now
  std::uint64_t moves = 0;  // events seen; standing still means no progress
  Nanoseconds given{0};     // time the host really gave the guest since the vCPUs started
};

class Machine final : public GuestControl {
 public:
  // `kvm`, `kernel`, `symbols`, `clock`, `log`, `rules` must outlive the machine.
  static Result<std::unique_ptr<Machine>> create(const Kvm& kvm, const ElfImage& kernel, const Symbols& symbols,
                                                 const Clock& clock, EventLog& log, RuleEngine& rules,
                                                 const MachineConfig& config);
  ~Machine() override;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Starts the vCPU threads.
  void start();
  // Waits at most `longest`, pumps the rings, ends what is due; says where the guest is.
  MachineState turn(Nanoseconds longest);
  // Stops all vCPUs, logs a SampleEvent of each, lets them go on. `locks`: words to read along.
  void sample(const std::string& reason, unsigned round, const std::vector<Gva>& locks);
  // Calls `ask` under the machine's lock: for what the log's sinks have gathered.
  template <typename Ask>
  auto locked(Ask ask) {
    const std::lock_guard lock(mutex_);
    return ask();
  }
  // Logs under the machine's lock.
  void milestone(LifecycleEvent::What what, const std::string& detail = {});
  // Ends holds and delays, takes the vCPUs out of the guest for good, drains the rings. Idempotent.
  void stop();

  // GuestControl, with the lock held.
  [[nodiscard]] unsigned vcpu_count() const override { return vm_->vcpu_count(); }
  std::uint32_t new_token() override { return ++last_token_; }
  Mailbox& mailbox() override { return *mailbox_; }
  Status raise(unsigned vcpu, InterruptKind kind) override;
  Status hold(unsigned vcpu, const HoldRequest& request) override;
  Status delay_page(Gpa page, Nanoseconds delay, std::uint32_t token) override;
  [[nodiscard]] Result<MappedPage> translate(unsigned vcpu, Gva address) override;

 private:
  struct Lane {  // what the machine knows of one vCPU; all under mutex_
    std::thread thread;
    HoldState hold;
    bool parked = true;    // not inside run(): its registers may be read
    bool retired = false;  // never to run again in this trial
    bool breakpoints_stale = false;
    std::optional<clockid_t> cpu_clock;
    std::optional<RunDelay> run_delay;
    Nanoseconds waited{0};         // by run_delay
    Nanoseconds waited_logged{0};  // of that, what HostWaitEvents have told
  };
  using Lock = std::unique_lock<std::mutex>;

  Machine(const Clock& clock, EventLog& log, RuleEngine& rules, MachineConfig config)
      : log_(log), rules_(rules), clock_(clock), config_(std::move(config)) {}
  Status build(const Kvm& kvm, const ElfImage& kernel, const Symbols& symbols);

  void vcpu_loop(unsigned index);
  void on_stop(unsigned index, const Stop& stop);
  void on_doorbell(unsigned index, std::uint32_t value);
  void on_ready();
  void on_candidate(const Candidate& candidate, const std::string& where);
  void retire(unsigned index, LifecycleEvent::What what, const std::string& detail);
  void end_hold(unsigned index, const std::optional<HoldEnd>& end);
  void on_delay_end(const PageDelayEnd& end);
  void on_console_line(std::string_view line);
  void account_host(Nanoseconds worth_logging);
  void pause(Lock& lock);
  void log_sample(unsigned index, const std::string& reason, unsigned round, const std::vector<Gva>& locks);
  [[nodiscard]] bool held() const;

  EventLog& log_;
  RuleEngine& rules_;
  const Clock& clock_;
  MachineConfig config_;

  std::unique_ptr<GuestMemory> memory_;
  std::unique_ptr<Vm> vm_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<Mailbox> mailbox_;
  std::optional<Inspector> inspector_;
  std::unique_ptr<RingPump> pump_;
  std::unique_ptr<PageDelay> delays_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  MachineState state_;
  GivenTime given_;
  std::uint32_t last_token_ = 0;
  bool paused_ = false;
  bool stopping_ = false;
};

}  // namespace remapstorm
