// SPDX-License-Identifier: Apache-2.0
// The machine's life: built, started, turned, sampled, stopped. What stops mean is in machine_stops.cpp, what is done
// while it stands still in machine_frozen.cpp, what injectors do in machine_control.cpp.
#include "trial/machine.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "link/guest_devices.h"

namespace remapstorm {
namespace {

// How long a vCPU may take to come out of the guest before it counts as out of reach, of time that it had: it waits in
// the host for a delayed page. On a busy host it may not have been run yet.
constexpr Nanoseconds kPausePatience = std::chrono::milliseconds(500);
constexpr Nanoseconds kPauseTurn = std::chrono::milliseconds(5);

// Between two looks at what the host gives the vCPU threads, at least.
constexpr Nanoseconds kBetweenLooks = std::chrono::milliseconds(2);

// A wait for host or harness shorter than this is not worth an event.
constexpr Nanoseconds kWorthLogging = std::chrono::milliseconds(5);

std::uint64_t cpu_time_ns(clockid_t clock) {
  timespec time = {};
  if (::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000ULL + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

Result<std::unique_ptr<Machine>> Machine::create(const Kvm& kvm, const Symbols& symbols, const Clock& clock,
                                                 const MachineConfig& config) {
  std::unique_ptr<Machine> machine(new Machine(clock, config));
  RS_TRY(machine->build(kvm, symbols));
  return machine;
}

Status Machine::build(const Kvm& kvm, const Symbols& symbols) {
  RS_ASSIGN(memory_, GuestMemory::create(config_.memory));
  RS_TRY(add_mailbox(*memory_));
  VmConfig vm_config;
  vm_config.vcpus = config_.cpus;
  vm_config.cpu = config_.cpu;
  RS_ASSIGN(vm_, Vm::create(kvm, *memory_, vm_config));
  mailbox_ = std::make_unique<Mailbox>(memory_->named(kMailboxRegion)->mapping.bytes(), config_.cpus);
  RS_TRY(mailbox_->set_workload(config_.workload_text));

  const auto console_line = [this](std::string_view line, LineEnd end) { on_console_line(line, end); };
  RS_ASSIGN(platform_, Platform::create(*vm_, guest_devices(console_line, config_.workload_text)));

  RS_ASSIGN(inspector_, Inspector::create(symbols, *memory_));
  RS_ASSIGN(const std::uint64_t counter_hz, vm_->vcpu(0).guest_counter_hz());
  pump_ = std::make_unique<RingPump>(*mailbox_, config_.cpus, counter_hz / 1000);
  if (config_.stage2_delays) {
    RS_ASSIGN(delays_, PageDelay::create(clock_, [this](const PageDelayEnd& end) { on_delay_end(end); }));
  }
  for (unsigned index = 0; index < config_.cpus; ++index) threads_.push_back(std::make_unique<VcpuThread>());
  return {};
}

Status Machine::load(const KernelImage& kernel) {
  LinuxBoot boot;
  boot.command_line = config_.command_line;
  boot.initramfs_path = config_.initramfs_path;
  boot.initramfs = config_.initramfs;
  boot.devices = described_devices(config_.cpus);
  const Result<LinuxLayout> layout = load_linux(*vm_, kernel, boot);
  if (!layout) return layout.error();
  return {};
}

void Machine::begin(EventLog& log, RuleEngine& rules, MachineTask task) {
  const bool console_cut = platform_ && platform_->console().truncated();  // before our own lock: it calls us under its
  const std::lock_guard guard(mutex_);
  log_ = &log;
  rules_ = &rules;
  task_ = std::move(task);
  state_ = {};
  state_.ready = task_.ready;
  given_ = {};
  last_token_ = 0;
  bad_doorbells_ = 0;
  for (const auto& vcpu_thread : threads_) {
    RS_CHECK(vcpu_thread->parked, "a trial begins while a vCPU runs");
    vcpu_thread->retired = false;
    vcpu_thread->by_hand = false;
    vcpu_thread->error = {};
    vcpu_thread->hold = {};
    vcpu_thread->waited_logged = waited_by(*vcpu_thread);
    vcpu_thread->guest = vcpu_thread->harness = vcpu_thread->parked_for = Nanoseconds(0);
    vcpu_thread->since = clock_.now();
    vcpu_thread->cpu_ns_began = vcpu_thread->cpu_clock ? cpu_time_ns(*vcpu_thread->cpu_clock) : 0;
  }
  for (unsigned index = 0; index < threads_.size(); ++index) (void)vm_->vcpu(index).take_exit_counts();
  watch_cpu_ns_ = cpu_time_ns(CLOCK_THREAD_CPUTIME_ID);
  frozen_since_ = paused_ ? std::optional(log_->now()) : std::nullopt;
  attend();
  if (console_cut) log_->add(-1, ConsoleEvent{"[the console was full before]", ConsoleEvent::End::cut});
  if (task_.ready) arm();
}

Machine::~Machine() {
  stop();
  delays_.reset();  // its thread calls on_delay_end()
}

void Machine::start() {
  {
    const std::lock_guard guard(mutex_);
    RS_CHECK(log_ != nullptr || paused_, "a machine started without a trial");
    if (log_ != nullptr && !task_.ready) log_->milestone(LifecycleEvent::What::boot);
  }
  for (unsigned index = 0; index < threads_.size(); ++index) {
    threads_[index]->thread = std::thread([this, index] { vcpu_loop(index); });
  }
}

Status Machine::arm_breakpoints(Vcpu& vcpu) const {
  if (task_.breakpoints.empty() || config_.breakpoints) return vcpu.set_breakpoints(task_.breakpoints);
  return unavailable_error("execution breakpoints do not fire on this host's KVM: nothing here can stop at an address");
}

void Machine::vcpu_loop(unsigned index) {
  VcpuThread& vcpu_thread = *threads_[index];
  Vcpu& vcpu = vm_->vcpu(index);
  Lock lock(mutex_);
  clockid_t clock = {};
  if (::pthread_getcpuclockid(::pthread_self(), &clock) == 0) vcpu_thread.cpu_clock = clock;
  vcpu_thread.watch.emplace(ThreadWatch::of_this_thread());
  const auto may_go = [&] {
    return stopping_ ||
           (!paused_ && !vcpu_thread.retired && !vcpu_thread.by_hand && !vcpu_thread.hold.keeps_from_running());
  };
  for (;;) {
    vcpu_thread.parked = true;
    changed_.notify_all();
    const Nanoseconds worked = spend(vcpu_thread, vcpu_thread.harness);
    if (worked >= kWorthLogging && log_ != nullptr) log_->add(static_cast<int>(index), HarnessWorkEvent{worked});
    if (!may_go()) {
      changed_.wait(lock, may_go);
      spend(vcpu_thread, vcpu_thread.parked_for);
    }
    if (stopping_) break;
    vcpu_thread.parked = false;
    if (vcpu_thread.breakpoints_stale) {
      vcpu_thread.breakpoints_stale = false;
      if (const Status set = arm_breakpoints(vcpu); !set) {
        retire(index, LifecycleEvent::What::host_failure, set.error().message);
        continue;
      }
    }
    spend(vcpu_thread, vcpu_thread.harness);  // others read it, with the lock
    lock.unlock();
    const Stop stop = vcpu.run();
    spend(vcpu_thread, vcpu_thread.guest);
    lock.lock();
    on_stop(index, stop);
  }
  spend(vcpu_thread, vcpu_thread.harness);
  if (vcpu_thread.cpu_clock) vcpu_thread.cpu_ns = cpu_time_ns(*vcpu_thread.cpu_clock);
  vcpu_thread.cpu_clock.reset();  // the thread's clock goes with the thread
  vcpu_thread.watch.reset();
  vcpu_thread.parked = true;
  changed_.notify_all();
}

// What went by since the last call was spent on `sum`.
Nanoseconds Machine::spend(VcpuThread& vcpu_thread, Nanoseconds& sum) const {
  const Nanoseconds now = clock_.now();
  const Nanoseconds spent = now - vcpu_thread.since;
  sum += spent;
  vcpu_thread.since = now;
  return spent;
}

void Machine::log_usage() {
  const Lock lock(mutex_);
  for (unsigned index = 0; index < threads_.size(); ++index) {
    VcpuThread& vcpu_thread = *threads_[index];
    // Not come out of the guest, then: its sums are its thread's.
    if (!vcpu_thread.parked) continue;
    const std::uint64_t cpu = vcpu_thread.cpu_clock ? cpu_time_ns(*vcpu_thread.cpu_clock) : vcpu_thread.cpu_ns;
    UsageEvent usage;
    usage.cpu = Nanoseconds(static_cast<std::int64_t>(cpu - std::min(cpu, vcpu_thread.cpu_ns_began)));
    spend(vcpu_thread, vcpu_thread.parked_for);
    usage.guest = vcpu_thread.guest;
    usage.harness = vcpu_thread.harness;
    usage.parked = vcpu_thread.parked_for;
    const ExitCounts exits = vm_->vcpu(index).take_exit_counts();
    for (std::size_t i = 0; i < exits.size(); ++i) {
      if (exits[i] != 0) usage.exits[std::string(exit_name(i))] = exits[i];
    }
    log_->add(static_cast<int>(index), std::move(usage));
  }
  UsageEvent watching;
  watching.cpu = Nanoseconds(static_cast<std::int64_t>(cpu_time_ns(CLOCK_THREAD_CPUTIME_ID) - watch_cpu_ns_));
  log_->add(-1, std::move(watching));
}

bool Machine::held() const {
  if (delays_ && delays_->anyone_waiting()) return true;
  return std::any_of(threads_.begin(), threads_.end(),
                     [](const auto& vcpu_thread) { return vcpu_thread->hold.holding(); });
}

MachineState Machine::turn(Nanoseconds longest) {
  vm_->coalesced_writes().deliver();  // the console calls us
  Lock lock(mutex_);
  Nanoseconds wait = longest;
  for (const auto& vcpu_thread : threads_) {
    if (const auto deadline = vcpu_thread->hold.deadline()) wait = std::min(wait, *deadline - log_->now());
  }
  wait = std::max(wait, Nanoseconds(0));
  if (state_.done || state_.dead || state_.caught) wait = Nanoseconds(0);
  const Nanoseconds began = clock_.now();
  if (wait > Nanoseconds(0)) changed_.wait_for(lock, wait);
  attention_.slept += std::min(wait, clock_.now() - began);
  for (unsigned index = 0; index < threads_.size(); ++index)
    end_hold(index, threads_[index]->hold.expire(log_->now(), given_.given()));
  pump_->pump(*log_);
  account_host();
  state_.moves = log_->count();
  state_.held = held();
  return state_;
}

// How long this host, or what runs it, kept the thread waiting, in all.
Nanoseconds Machine::waited_by(const VcpuThread& vcpu_thread) const {
  return vcpu_thread.share.lost() + (config_.stolen != nullptr ? config_.stolen->read() : Nanoseconds(0));
}

// The thread that calls this sees to the machine from now on.
void Machine::attend() {
  attention_ = {clock_.now(), Nanoseconds(static_cast<std::int64_t>(cpu_time_ns(CLOCK_THREAD_CPUTIME_ID))),
                Nanoseconds(0), Nanoseconds(0)};
  for (const auto& vcpu_thread : threads_) attention_.harness += vcpu_thread->harness;
}

// For how long since it was not run, or stopped: it neither worked nor slept nor waited for the harness's own work.
Nanoseconds Machine::unattended() const {
  Nanoseconds known = attention_.slept - attention_.cpu - attention_.harness;
  known += Nanoseconds(static_cast<std::int64_t>(cpu_time_ns(CLOCK_THREAD_CPUTIME_ID)));
  for (const auto& vcpu_thread : threads_) known += vcpu_thread->harness;
  return std::max(Nanoseconds(0), clock_.now() - attention_.since - known);
}

void Machine::account_host() {
  const Nanoseconds now = clock_.now();
  const Nanoseconds late = unattended();
  // Each look costs microseconds, and turns may be short. At the end nothing may be missing.
  const bool over = state_.done || state_.dead || state_.caught;
  if (now - attention_.since < kBetweenLooks && !over) return;
  attend();
  std::vector<Nanoseconds> had;
  for (unsigned index = 0; index < threads_.size(); ++index) {
    VcpuThread& vcpu_thread = *threads_[index];
    if (const auto look = vcpu_thread.watch ? vcpu_thread.watch->look() : std::nullopt)
      vcpu_thread.share.advance(now, *look, late);
    had.push_back(vcpu_thread.share.had());
    const Nanoseconds waited = waited_by(vcpu_thread);
    if (log_ == nullptr || waited - vcpu_thread.waited_logged < kWorthLogging) continue;
    log_->add(static_cast<int>(index), HostWaitEvent{waited - vcpu_thread.waited_logged});
    vcpu_thread.waited_logged = waited;
  }
  if (config_.stolen != nullptr) config_.stolen->append_had(had);
  given_.advance(now, had);
  state_.given = given_.given();
  state_.attended = given_.attended();
}

bool Machine::pause(Lock& lock) {
  paused_ = true;
  for (unsigned index = 0; index < threads_.size(); ++index) {
    if (!threads_[index]->parked) vm_->vcpu(index).kick();
  }
  const auto all_out = [this] {
    return std::all_of(threads_.begin(), threads_.end(), [](const auto& vcpu_thread) { return vcpu_thread->parked; });
  };
  Timeout timeout;
  timeout.restart(given_.attended(), given_.given());
  const Nanoseconds began = clock_.now();
  while (!changed_.wait_for(lock, kPauseTurn, all_out)) {
    attention_.slept += kPauseTurn;
    account_host();
    const bool delayed = delays_ && delays_->anyone_waiting() && clock_.now() - began > kPausePatience;
    const auto state = timeout.check(kPausePatience, given_.attended(), given_.given());
    if (delayed || state != Timeout::State::waiting) return all_out();
  }
  return true;
}

void Machine::sample(const std::string& reason, unsigned round, const std::vector<Gva>& locks) {
  Lock lock(mutex_);
  if (stopping_) return;
  pause(lock);
  pump_->pump(*log_);
  for (unsigned index = 0; index < threads_.size(); ++index) log_sample(index, reason, round, locks);
  paused_ = state_.caught || state_.caught_ready;  // while the others were waited for, one may have been caught
  changed_.notify_all();
}

Nanoseconds Machine::ran_since_sample(const std::vector<int>& vcpus) {
  const std::lock_guard lock(mutex_);
  std::optional<std::uint64_t> least;
  for (const int vcpu : vcpus) {
    if (vcpu < 0 || static_cast<std::size_t>(vcpu) >= threads_.size()) continue;
    const VcpuThread& vcpu_thread = *threads_[static_cast<std::size_t>(vcpu)];
    const std::uint64_t now = vcpu_thread.cpu_clock ? cpu_time_ns(*vcpu_thread.cpu_clock) : 0;
    const std::uint64_t ran = now > vcpu_thread.sampled_cpu_ns ? now - vcpu_thread.sampled_cpu_ns : 0;
    least = least ? std::min(*least, ran) : ran;
  }
  return Nanoseconds(static_cast<std::int64_t>(least.value_or(0)));
}

void Machine::log_sample(unsigned index, const std::string& reason, unsigned round, const std::vector<Gva>& locks) {
  VcpuThread& vcpu_thread = *threads_[index];
  SampleEvent sample;
  if (vcpu_thread.parked) sample = inspector_->look(vm_->vcpu(index));
  sample.reason = reason;
  sample.round = round;
  sample.held_by_harness = vcpu_thread.hold.holding() || !vcpu_thread.parked;
  if (vcpu_thread.cpu_clock) sample.cpu_time_ns = cpu_time_ns(*vcpu_thread.cpu_clock);
  vcpu_thread.sampled_cpu_ns = sample.cpu_time_ns;
  if (index == 0) {
    for (const Gva lock_address : locks) {
      for (unsigned reader = 0; reader < threads_.size(); ++reader) {
        if (!threads_[reader]->parked) continue;
        if (const auto word = inspector_->word(vm_->vcpu(reader), lock_address)) {
          sample.lock_words.emplace_back(lock_address, *word);
          break;
        }
      }
    }
  }
  log_->add(static_cast<int>(index), std::move(sample));
}

// The console has a lock of its own, under which it calls us.
std::uint64_t Machine::console_written() const { return platform_ ? platform_->console().bytes_written() : 0; }

void Machine::milestone(LifecycleEvent::What what, const std::string& detail) {
  const Lock lock(mutex_);
  log_->milestone(what, detail);
}

void Machine::stop() {
  {
    const Lock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    for (unsigned index = 0; log_ != nullptr && index < threads_.size(); ++index) {
      end_hold(index, threads_[index]->hold.give_up(log_->now()));
      if (!threads_[index]->parked) vm_->vcpu(index).kick();
    }
    changed_.notify_all();
  }
  if (delays_) delays_->cancel_all();  // whoever waits for a delayed page comes back to see the kick
  for (const auto& vcpu_thread : threads_) {
    if (vcpu_thread->thread.joinable()) vcpu_thread->thread.join();
  }
  if (log_ == nullptr) return;  // nothing ever ran
  if (platform_) platform_->console().flush();
  const Lock lock(mutex_);
  if (pump_) pump_->pump(*log_);
}

}  // namespace remapstorm
