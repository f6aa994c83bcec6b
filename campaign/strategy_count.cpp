// SPDX-License-Identifier: Apache-2.0
#include "campaign/strategy_count.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "campaign/count_stepper.h"
#include "trial/reach.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"
#include "vmm/disassembler.h"
#include "vmm/memory_access.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kCountTurn = std::chrono::milliseconds(2);
constexpr Nanoseconds kCountStandstill = std::chrono::seconds(30);
constexpr Nanoseconds kCountReach = std::chrono::seconds(60);  // to the first remap
constexpr std::uint64_t kMostCounted = 400'000;                // steps of a remap
constexpr std::uint64_t kMostBeforeFault = 60'000;             // of a reader that may never fault
constexpr std::uint64_t kSurelyWaits = 400;                    // steps of turns, after which the updater may go on
constexpr std::uint64_t kSurelyAsks = 4000;  // likewise, of an updater that no fault stands in the way of
constexpr const char* kPreempted = "__schedule";
constexpr std::uint64_t kEntryBytes = 0x80;  // of a fault's handler: a vector of arm64 is as long
constexpr unsigned kUpdatingVcpu = 0, kReadingVcpu = 1;

CountedRange counted_range(const ProbeEvent& begin) {
  constexpr std::uint64_t kMost = 64ULL << 20;  // as the guest says it, who may say anything
  const std::uint64_t bytes = begin.args[1] - begin.args[0];
  return bytes - 1 < kMost ? CountedRange{Gva(begin.args[0]), bytes} : CountedRange{Gva(begin.args[0]), kCountedPage};
}

// A machine of one plan, caught at each remap.begin; later where the reader's fault goes on.
class Counting {
 public:
  Counting(const TrialEnvironment& environment, const Plan& plan, Disassembler disassembler,
           MemoryAccessDecoder decoder)
      : environment_(environment), plan_(plan), disassembler_(std::move(disassembler)), decoder_(std::move(decoder)) {}

  Status begin() {
    catch_remaps();
    MachineTask task;
    task.armed_probes = {RS_PROBE_REMAP_BEGIN, RS_PROBE_REMAP_END,   RS_PROBE_FLUSH_BEGIN, RS_PROBE_FLUSH_END,
                         RS_PROBE_BBM_BREAK,   RS_PROBE_FAULT_ENTER, RS_PROBE_FAULT_DONE};
    // How often they ring depends on how long a wait took.
    task.silent_probes = {RS_PROBE_ANSWER_WANT, RS_PROBE_ANSWER_GOT};
    if (plan_.workloads.size() > 1) task.armed_probes.push_back(RS_PROBE_LOCK_GOT);
    task.catch_at = [this](const Candidate& candidate) {
      return candidate.probe && caught_at_(candidate.vcpu, candidate.probe->probe);
    };
    Limits limits = plan_.limits;
    limits.timeout = limits.progress = kCountReach;  // a busy host is no reason not to come there
    RS_ASSIGN(Reached reached, reach(environment_, plan_, std::move(task), limits, [](const char*, Nanoseconds) {}));
    recorder_ = std::move(reached.recorder);
    machine_ = std::move(reached.machine);
    if (reached.interrupted) return host_error("interrupted");
    if (!reached.state.caught && !reached.state.done) {
      return usage_error("the guest ended: " + recorder_->judge().judgement().reasons.front());
    }
    first_ = std::move(reached.state);
    return {};
  }
  void end() {
    if (machine_) machine_->stop();
    machine_.reset();
  }

  void catch_remaps() {
    caught_at_ = [](int vcpu, std::uint16_t probe) {
      return vcpu == static_cast<int>(kUpdatingVcpu) && probe == RS_PROBE_REMAP_BEGIN;
    };
  }

  // Where it is caught next, frozen there; nothing: the guest has done all it had to.
  Result<std::optional<Candidate>> next_catch() {
    Judge& judge = recorder_->judge();
    const Nanoseconds since = recorder_->log().now();
    for (;;) {
      const MachineState state = first_ ? *std::exchange(first_, std::nullopt) : machine_->turn(kCountTurn);
      if (environment_.stop) return host_error("interrupted");
      if (state.caught) {
        RS_TRY(machine_->freeze());
        return state.caught;
      }
      if (state.done) return std::optional<Candidate>();
      if (state.dead || machine_->locked([&] { return judge.decided(); })) {
        return usage_error("the guest ended: " + machine_->locked([&] { return judge.judgement().reasons.front(); }));
      }
      if (recorder_->log().now() - since > kCountStandstill) {
        return usage_error("the guest does not come to where it is counted");
      }
    }
  }

  // Stands at remap.begin: to its remap.end. Nothing: no entry was changed in it.
  Result<std::optional<RemapCount>> count_remap(const ProbeEvent& opening) {
    const CountedRange range = counted_range(opening);
    CountStepper stepper(*machine_, environment_.symbols, kUpdatingVcpu, disassembler_, decoder_);
    stepper.count = StepCount::from_inside_a_probe();
    bool changed = false;
    machine_->thaw(kUpdatingVcpu);
    for (std::uint64_t steps = 0;; ++steps) {
      if (environment_.stop) return host_error("interrupted");
      if (steps >= kMostCounted)
        return usage_error("a remap takes more than " + std::to_string(kMostCounted) + " instructions");
      RS_ASSIGN(const Stepped stepped, stepper.step(range));
      if (!stepped.candidate || !stepped.candidate->probe) continue;
      const ProbeEvent& probe = *stepped.candidate->probe;
      if (probe.probe == RS_PROBE_FLUSH_BEGIN) stepper.count.flush_begins();
      if (probe.probe == RS_PROBE_FLUSH_END) stepper.count.flush_ends();
      if (probe.probe == RS_PROBE_BBM_BREAK && probe.args[3] == RS_LEVEL_PTE) changed = true;
      if (probe.probe == RS_PROBE_REMAP_END) break;
    }
    RS_TRY(go_on());
    if (!changed) return std::optional<RemapCount>();
    return std::optional(RemapCount{stepper.count.sums(), stepper.interrupts, stepper.nmis});
  }

  // Stands at remap.begin, both vCPUs still: lets the updater come to where an entry is invalid, then the reader run
  // into it. Nothing: no entry was changed in it, or the reader was preempted.
  Result<std::optional<FaultCount>> count_fault(const ProbeEvent& opening) {
    const CountedRange range = counted_range(opening);
    CountStepper updater(*machine_, environment_.symbols, kUpdatingVcpu, disassembler_, decoder_);
    bool changed = false;
    for (std::uint64_t steps = 0;; ++steps) {
      if (steps >= kMostBeforeFault || updater.count.spin() > kSurelyAsks) {
        return std::optional(
            FaultCount{std::nullopt, false, "it waits for the other vCPU before any entry is invalid"});
      }
      RS_ASSIGN(const Stepped stepped, updater.step(range));
      RS_ASSIGN(const CpuState after, machine_->vcpu(kUpdatingVcpu).state());
      if (updater.clear(after, range)) break;
      if (!stepped.candidate || !stepped.candidate->probe) continue;
      const ProbeEvent& probe = *stepped.candidate->probe;
      if (probe.probe == RS_PROBE_BBM_BREAK && probe.args[3] == RS_LEVEL_PTE) changed = true;
      if (probe.probe != RS_PROBE_REMAP_END) continue;
      RS_TRY(go_on());
      if (!changed) return std::optional<FaultCount>();
      return std::optional(FaultCount{std::nullopt, true, "no entry is ever invalid"});
    }
    return step_reader(range);
  }

  Status go_on() {
    RS_TRY(machine_->freeze());
    machine_->release_catch();
    machine_->thaw();
    return {};
  }

 private:
  Result<std::optional<FaultCount>> step_reader(const CountedRange& range) {
    CountStepper reader(*machine_, environment_.symbols, kReadingVcpu, disassembler_, decoder_);
    const Arch& arch = arch_of(kHostIsa);
    const auto handler = environment_.symbols.find(arch.fault_function);
    if (!handler) {
      return std::optional(FaultCount{std::nullopt, false, std::string("the kernel has no ") + arch.fault_function});
    }
    const Gva entry = *handler + arch.fault_offset;
    bool in_exception = false, entered = false, waited = false, done = false;
    std::optional<Gva> entry_stack;  // at the entry of the newest exception
    Gva faulting;
    for (std::uint64_t steps = 0;; ++steps) {
      if (environment_.stop) return host_error("interrupted");
      if (!entered && steps >= kMostBeforeFault) {
        return std::optional(FaultCount{std::nullopt, false, "the reader does not fault"});
      }
      if (steps >= kMostCounted)
        return std::optional(FaultCount{std::nullopt, false, "the fault does not come to its end"});
      RS_ASSIGN(const CpuState here, machine_->vcpu(kReadingVcpu).state());
      if (done && here.pc == faulting && here.sp >= *entry_stack) break;
      const auto symbol = environment_.symbols.lookup(here.pc);
      if (entered && symbol && symbol->offset == 0 && symbol->name == kPreempted) {
        catch_remaps();
        RS_TRY(go_on());
        return std::optional<FaultCount>();
      }
      // A step that faults may end behind the first instruction of the exception's entry.
      const bool at_exception =
          symbol && symbol->name == arch.fault_function && here.pc >= entry && here.pc - entry < kEntryBytes;
      if (!entered && at_exception && !in_exception) {
        reader.count_from(entry, here);
        entry_stack = here.sp;
      }
      in_exception = at_exception;
      RS_ASSIGN(const Stepped stepped, reader.step(range));
      if (stepped.candidate && stepped.candidate->probe) {
        const std::uint16_t probe = stepped.candidate->probe->probe;
        if (probe == RS_PROBE_FAULT_ENTER && !entered) {
          entered = true;
          faulting = Gva(stepped.candidate->probe->args[1]);
          if (!entry_stack)
            return std::optional(FaultCount{std::nullopt, false, "the reader stood in its fault already"});
        }
        if (probe == RS_PROBE_FAULT_DONE && entered) done = true;
      }
      if (entered && !waited && reader.count.spin() > kSurelyWaits) {
        waited = true;
        RS_ASSIGN(const std::optional<Candidate> stands, wait_with_the_reader());
        if (!stands) return std::optional(FaultCount{std::nullopt, false, "the guest ended while the reader waited"});
        done = stands->probe->probe == RS_PROBE_FAULT_DONE;
      }
    }
    return std::optional(FaultCount{reader.count.sums(), false, {}});
  }

  // The reader waits for the updater, which may want an answer to an interrupt of it first: nobody is stepped until the
  // reader has what it waits for: where it stands then. Nothing: the guest is at its end.
  Result<std::optional<Candidate>> wait_with_the_reader() {
    caught_at_ = [](int vcpu, std::uint16_t probe) {
      return vcpu == static_cast<int>(kReadingVcpu) && (probe == RS_PROBE_LOCK_GOT || probe == RS_PROBE_FAULT_DONE);
    };
    RS_TRY(go_on());
    RS_ASSIGN(std::optional<Candidate> at, next_catch());
    if (at) machine_->thaw(kReadingVcpu);
    return at;
  }

  const TrialEnvironment& environment_;
  const Plan& plan_;
  Disassembler disassembler_;
  MemoryAccessDecoder decoder_;
  std::function<bool(int vcpu, std::uint16_t probe)> caught_at_;  // changed while frozen only
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Machine> machine_;
  std::optional<MachineState> first_;  // how it came to the first place
};

Result<std::unique_ptr<Counting>> counting(const TrialEnvironment& environment, const Plan& plan) {
  RS_ASSIGN(Disassembler disassembler, Disassembler::create(kHostIsa));
  RS_ASSIGN(MemoryAccessDecoder decoder, MemoryAccessDecoder::create(kHostIsa));
  auto made = std::make_unique<Counting>(environment, plan, std::move(disassembler), std::move(decoder));
  RS_TRY(made->begin());
  return made;
}

// The last remap of each direction: the page tables were split by an earlier one.
Status count_remaps(const TrialEnvironment& environment, const Plan& plan, CountRun& run) {
  RS_ASSIGN(const std::unique_ptr<Counting> one, counting(environment, plan));
  const auto all = [&]() -> Status {
    Status trouble;
    for (;;) {
      RS_ASSIGN(const std::optional<Candidate> opening, one->next_catch());
      if (!opening) return run.optimize && run.restore ? Status() : trouble;
      const ProbeEvent probe = *opening->probe;
      Result<std::optional<RemapCount>> count = one->count_remap(probe);
      if (!count.ok()) {
        // One that cannot be followed, since the vCPU goes to sleep in it: perhaps the next one can.
        if (count.error().kind != ErrorKind::usage) return count.error();
        trouble = count.error();
        RS_TRY(one->go_on());
        continue;
      }
      if (*count) (probe.args[2] != 0 ? run.restore : run.optimize) = *std::move(count);
    }
  };
  Status status = all();
  one->end();
  return status;
}

// Of the first remap, after three, that changes an entry: the reader reads the newest target.
Result<FaultCount> count_faults(const TrialEnvironment& environment, const Plan& plan) {
  RS_ASSIGN(const std::unique_ptr<Counting> one, counting(environment, plan));
  const auto first = [&]() -> Result<FaultCount> {
    unsigned seen = 0;
    for (;;) {
      RS_ASSIGN(const std::optional<Candidate> opening, one->next_catch());
      if (!opening)
        return FaultCount{std::nullopt, false, "in none of its remaps could the reader be followed through a fault"};
      // The reader has something to read once a remap has been; the splits of the first are over then.
      if (++seen <= 3 || opening->probe->args[2] != 0) {
        RS_TRY(one->go_on());
        continue;
      }
      const ProbeEvent probe = *opening->probe;
      RS_ASSIGN(std::optional<FaultCount> counted, one->count_fault(probe));
      if (counted) return *std::move(counted);
    }
  };
  Result<FaultCount> fault = first();
  one->end();
  return fault;
}

}  // namespace

Scenario counting_scenario(const std::string& strategy, Counted what) {
  const bool reader = what == Counted::fault;
  Scenario scenario;
  scenario.name = reader ? "compare-count-fault" : "compare-count";
  scenario.summary = "Counts the instructions of a remap strategy";
  scenario.strategy = strategy;
  scenario.strategies = {strategy};
  scenario.flavours = {"std", "lockdep", "rt"};
  scenario.memory = 128ULL << 20;
  scenario.cpus = 2;
  scenario.workloads = {{kUpdatingVcpu, "hugetlb-cycle", {{"pages", "1"}, {"repeat", reader ? "8" : "3"}}}};
  if (reader) scenario.workloads.push_back({kReadingVcpu, "read-target", {}});
  scenario.expectation.verdict = Verdict::clean;
  return scenario;
}

Result<CountRun> count_strategy(const TrialEnvironment& environment, const Plan& quiet_plan, const Plan& reader_plan) {
  CountRun run;
  if (const Status status = count_remaps(environment, quiet_plan, run); !status) {
    if (environment.stop) return status.error();
    run.trouble = status.error().message;
  }
  Result<FaultCount> fault = count_faults(environment, reader_plan);
  if (environment.stop && !fault) return fault.error();
  run.fault = fault ? *std::move(fault) : FaultCount{std::nullopt, false, fault.error().message};
  return run;
}

}  // namespace remapstorm
