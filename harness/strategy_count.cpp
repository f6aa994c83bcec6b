// SPDX-License-Identifier: Apache-2.0
#include "harness/strategy_count.h"

#include <algorithm>
#include <array>
#include <map>

#include "harness/explorer_walk.h"
#include "harness/machine.h"
#include "harness/watch.h"
#include "telemetry/judge.h"
#include "telemetry/sinks.h"
#include "vmm/disassembler.h"
#include "vmm/guest_context.h"
#include "vmm/instruction_role.h"
#include "vmm/memory_access.h"
#include "vmm/page_walk.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kCountTurn = std::chrono::milliseconds(2);
constexpr Nanoseconds kCountStandstill = std::chrono::seconds(30);
constexpr std::uint64_t kMostCounted = 400'000;     // steps of a remap
constexpr std::uint64_t kMostBeforeFault = 60'000;  // of a reader that may never fault
constexpr std::uint64_t kSurelyWaits = 400;         // steps of turns, after which the updater may go on
constexpr std::uint64_t kMostWaiting = 2'000'000;
constexpr std::uint64_t kCountedPage = 4096;
constexpr unsigned kUpdatingVcpu = 0, kReadingVcpu = 1;

struct CountedRange {
  Gva start;
  std::uint64_t bytes = 0;
};

// Steps one vCPU and counts.
class Stepper {
 public:
  Stepper(Machine& machine, const Symbols& symbols, unsigned vcpu, const Disassembler& disassembler,
          const MemoryAccessDecoder& decoder)
      : machine_(machine), symbols_(symbols), vcpu_(vcpu), disassembler_(disassembler), decoder_(decoder) {}

  StepCount count;
  std::uint64_t interrupts = 0, nmis = 0;

  struct At {
    CpuState state;
    std::string function;
    bool at_entry = false;
    Stepped stepped;
  };
  // One instruction; what it was, and where it led. Error: host, or the guest sleeps.
  Result<At> step(const CountedRange& range) {
    RS_ASSIGN(const CpuState state, machine_.vcpu(vcpu_).state());
    At at{state, {}, false, {}};
    if (const auto symbol = symbols_.lookup(state.pc)) {
      at.function = symbol->name;
      at.at_entry = symbol->offset == 0;
    }
    const Known& known = instruction_at(state);
    if (known.role == InstructionRole::sleep) {
      return usage_error("it sleeps, at " + symbols_.describe(state.pc) + ", and only an interrupt would wake it");
    }
    if (known.role == InstructionRole::may_send || known.writes) RS_TRY(note_sent(state, known));
    count.step(
        {state.pc, state.sp, at.function, at.at_entry, known.role == InstructionRole::spin_hint, clear(state, range)});
    at.stepped = step_once(machine_, vcpu_);
    if (!at.stepped.trouble.empty()) {
      return usage_error(at.stepped.trouble + " at " + symbols_.describe(state.pc));
    }
    return at;
  }

  [[nodiscard]] bool clear(const CpuState& state, const CountedRange& range) const {
    for (std::uint64_t at = 0; at < range.bytes; at += kCountedPage) {
      if (!walk(kHostIsa, state.space, machine_.memory(), range.start + at).present()) return true;
    }
    return false;
  }

 private:
  struct Known {
    std::vector<std::uint8_t> code;
    InstructionRole role = InstructionRole::plain;
    bool writes = false;
    std::string source;  // of a store: the register or number stored
  };

  const Known& instruction_at(const CpuState& state) {
    const auto found = known_.find(state.pc);
    if (found != known_.end()) return found->second;
    Known known;
    known.code.resize(15);
    const ReadVirtual read = virtual_reader(kHostIsa, state.space, machine_.memory());
    if (read(state.pc, std::as_writable_bytes(std::span(known.code)))) {
      known.role = role_of(kHostIsa, known.code);
      known.writes = decoder_.classify(known.code, state.pc) == AccessKind::write;
      if (known.writes) {
        const std::string text = disassembler_.one(known.code, state.pc).text;
        known.source = text.substr(text.rfind(' ') + 1);
      }
    } else {
      known.code.clear();
    }
    return known_.emplace(state.pc, std::move(known)).first->second;
  }

  Status note_sent(const CpuState& state, const Known& known) {
    RS_ASSIGN(const RegisterValue value, register_values(machine_.vcpu(vcpu_)));
    std::optional<SentInterrupt> sent;
    if (known.role == InstructionRole::may_send) sent = sent_interrupt(kHostIsa, known.code, value);
    if (known.writes) {
      for (const MemoryAccess& access : decoder_.accesses(known.code, state.pc, value)) {
        if (!access.address || access.size != 4) continue;
        const auto physical = walk(kHostIsa, state.space, machine_.memory(), *access.address).physical;
        if (!physical) continue;
        const auto stored = value(known.source);
        sent = sent_by_store(kHostIsa, *physical,
                             stored ? static_cast<std::uint32_t>(*stored)
                                    : static_cast<std::uint32_t>(std::strtoull(known.source.c_str(), nullptr, 0)));
      }
    }
    if (sent) ++(sent->nmi ? nmis : interrupts);
    return {};
  }

  Machine& machine_;
  const Symbols& symbols_;
  unsigned vcpu_;
  const Disassembler& disassembler_;
  const MemoryAccessDecoder& decoder_;
  std::map<Gva, Known> known_;
};

CountedRange counted_range(const ProbeEvent& begin) {
  constexpr std::uint64_t kMost = 64ULL << 20;  // as the guest says it, who may say anything
  const std::uint64_t bytes = begin.args[1] - begin.args[0];
  return bytes - 1 < kMost ? CountedRange{Gva(begin.args[0]), bytes} : CountedRange{Gva(begin.args[0]), kCountedPage};
}

// A machine of one plan, caught at each remap.begin.
class Counting {
 public:
  Counting(const TrialEnvironment& environment, const Plan& plan, Disassembler disassembler,
           MemoryAccessDecoder decoder)
      : environment_(environment),
        plan_(plan),
        disassembler_(std::move(disassembler)),
        decoder_(std::move(decoder)),
        log_(environment.clock, {&capture_, &judge_}) {}

  Status begin() {
    const MachineConfig config = machine_config(environment_, plan_);
    MachineTask task;
    RS_ASSIGN(machine_, make_machine(environment_, config, task));
    RS_ASSIGN(rules_, RuleEngine::create(plan_, 0, log_));
    task.armed_probes = {RS_PROBE_REMAP_BEGIN, RS_PROBE_REMAP_END,   RS_PROBE_FLUSH_BEGIN, RS_PROBE_FLUSH_END,
                         RS_PROBE_BBM_BREAK,   RS_PROBE_FAULT_ENTER, RS_PROBE_FAULT_DONE};
    task.catch_at = [](const Candidate& candidate) {
      return candidate.probe && candidate.probe->probe == RS_PROBE_REMAP_BEGIN && candidate.vcpu == 0;
    };
    if (task.ready) log_restored(log_);
    machine_->begin(log_, *rules_, std::move(task));
    machine_->start();
    WatchOptions options;
    options.limits = plan_.limits;
    options.boot_limit = environment_.boot_limit;
    Watch watch(options, environment_.stop, *machine_, judge_, log_);
    // Until it is caught, or ends without.
    std::optional<MachineSnapshot> at_ready = run_past_ready(*machine_, watch, [](const char*, Nanoseconds) {});
    if (at_ready) environment_.boots->keep(config, *std::move(at_ready));
    return {};
  }
  void end() {
    if (machine_) machine_->stop();
    machine_.reset();
  }

  // The next remap.begin, the machine frozen there; nothing: the guest has done all it had to.
  Result<std::optional<Candidate>> next_remap() {
    const Nanoseconds since = log_.now();
    for (;;) {
      const MachineState state = machine_->turn(kCountTurn);
      if (environment_.stop) return host_error("interrupted");
      if (state.caught) {
        RS_TRY(machine_->freeze());
        return state.caught;
      }
      if (state.done) return std::optional<Candidate>();
      if (state.dead || machine_->locked([&] { return judge_.decided(); })) {
        return usage_error("the guest ended: " + machine_->locked([&] { return judge_.judgement().reasons.front(); }));
      }
      if (log_.now() - since > kCountStandstill) {
        return usage_error("the guest does not come to a remap");
      }
    }
  }

  // Stands at remap.begin: to its remap.end. Nothing: no entry was changed in it.
  Result<std::optional<RemapCount>> count_remap(const ProbeEvent& opening) {
    const CountedRange range = counted_range(opening);
    Stepper stepper(*machine_, environment_.symbols, kUpdatingVcpu, disassembler_, decoder_);
    stepper.count = StepCount(true);
    bool changed = false;
    machine_->thaw(kUpdatingVcpu);
    for (std::uint64_t steps = 0;; ++steps) {
      if (environment_.stop) return host_error("interrupted");
      if (steps >= kMostCounted)
        return usage_error("a remap takes more than " + std::to_string(kMostCounted) + " instructions");
      RS_ASSIGN(const Stepper::At at, stepper.step(range));
      if (!at.stepped.candidate || !at.stepped.candidate->probe) continue;
      const ProbeEvent& probe = *at.stepped.candidate->probe;
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
  // into it.
  Result<FaultCount> count_fault(const ProbeEvent& opening) {
    const CountedRange range = counted_range(opening);
    Stepper updater(*machine_, environment_.symbols, kUpdatingVcpu, disassembler_, decoder_);
    for (std::uint64_t steps = 0;; ++steps) {
      if (steps >= kMostBeforeFault)
        return FaultCount{std::nullopt, "it waits for the other vCPU before any entry is invalid"};
      RS_ASSIGN(const Stepper::At at, updater.step(range));
      RS_ASSIGN(const CpuState after, machine_->vcpu(kUpdatingVcpu).state());
      if (updater.clear(after, range)) break;
      const bool over = at.stepped.candidate && at.stepped.candidate->probe &&
                        at.stepped.candidate->probe->probe == RS_PROBE_REMAP_END;
      if (over) return FaultCount{std::nullopt, "no entry is ever invalid"};
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
  Result<FaultCount> step_reader(const CountedRange& range) {
    Stepper reader(*machine_, environment_.symbols, kReadingVcpu, disassembler_, decoder_);
    bool entered = false, let_go = false, done = false;
    CpuState faulting;
    CpuState before;
    for (std::uint64_t steps = 0;; ++steps) {
      if (environment_.stop) return host_error("interrupted");
      if (!entered && steps >= kMostBeforeFault) return FaultCount{std::nullopt, "the reader does not fault"};
      if (steps >= kMostWaiting) {
        return FaultCount{std::nullopt,
                          "the strategy waits for an answer of the vCPU that waits in its fault, which takes no "
                          "interrupt while it is stepped"};
      }
      RS_ASSIGN(const CpuState here, machine_->vcpu(kReadingVcpu).state());
      if (done && here.pc == faulting.pc && here.sp == faulting.sp) break;
      const auto symbol = environment_.symbols.lookup(here.pc);
      if (!entered && symbol && symbol->offset == 0 && symbol->name == "asm_exc_page_fault") {
        reader.count = StepCount();
        faulting = before;
      }
      before = here;
      RS_ASSIGN(const Stepper::At at, reader.step(range));
      if (at.stepped.candidate && at.stepped.candidate->probe) {
        const std::uint16_t probe = at.stepped.candidate->probe->probe;
        if (probe == RS_PROBE_FAULT_ENTER) entered = true;
        if (probe == RS_PROBE_FAULT_DONE && entered) done = true;
      }
      if (entered && !let_go && reader.count.spin() > kSurelyWaits) {
        let_go = true;
        machine_->thaw(kReadingVcpu);
      }
    }
    return FaultCount{reader.count.sums(), {}};
  }

  const TrialEnvironment& environment_;
  const Plan& plan_;
  Disassembler disassembler_;
  MemoryAccessDecoder decoder_;
  CaptureSink capture_;
  Judge judge_;
  EventLog log_;
  std::unique_ptr<RuleEngine> rules_;
  std::unique_ptr<Machine> machine_;
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
    for (;;) {
      RS_ASSIGN(const std::optional<Candidate> opening, one->next_remap());
      if (!opening) return {};
      const ProbeEvent probe = *opening->probe;
      RS_ASSIGN(std::optional<RemapCount> count, one->count_remap(probe));
      if (count) (probe.args[2] != 0 ? run.restore : run.optimize) = std::move(count);
    }
  };
  Status status = all();
  one->end();
  return status;
}

// Of the first remap whose entries other than the first are changed: the reader reads the newest target.
Result<FaultCount> count_faults(const TrialEnvironment& environment, const Plan& plan) {
  RS_ASSIGN(const std::unique_ptr<Counting> one, counting(environment, plan));
  const auto first = [&]() -> Result<FaultCount> {
    unsigned seen = 0;
    for (;;) {
      RS_ASSIGN(const std::optional<Candidate> opening, one->next_remap());
      if (!opening) return FaultCount{std::nullopt, "the guest made too few remaps"};
      // The reader has something to read once a remap has been; the splits of the first are over then.
      if (++seen <= 3 || opening->probe->args[2] != 0) {
        RS_TRY(one->go_on());
        continue;
      }
      return one->count_fault(*opening->probe);
    }
  };
  Result<FaultCount> fault = first();
  one->end();
  return fault;
}

}  // namespace

Scenario counting_scenario(const std::string& strategy, bool reader) {
  Scenario scenario;
  scenario.name = reader ? "compare-count-fault" : "compare-count";
  scenario.summary = "Counts the instructions of a remap strategy";
  scenario.strategy = strategy;
  scenario.strategies = {strategy};
  scenario.flavours = {"std", "lockdep", "rt"};
  scenario.memory = 128ULL << 20;
  scenario.cpus = 2;
  scenario.workloads = {{kUpdatingVcpu, "hugetlb-cycle", {{"pages", "1"}, {"repeat", "3"}}}};
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
  run.fault = fault ? *std::move(fault) : FaultCount{std::nullopt, fault.error().message};
  return run;
}

}  // namespace remapstorm
