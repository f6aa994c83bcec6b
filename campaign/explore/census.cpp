// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/census.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "campaign/explore/explorer_walk.h"
#include "plan/repeat.h"
#include "telemetry/probe_names.h"
#include "trial/host_share.h"
#include "trial/machine.h"
#include "trial/recorder.h"
#include "trial/trial.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"
#include "vmm/caller.h"
#include "vmm/disassembler.h"
#include "vmm/guest_context.h"
#include "vmm/page_walk.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kCensusTurn = std::chrono::milliseconds(2);
constexpr Nanoseconds kDwell = std::chrono::milliseconds(8);   // others run into the open window
constexpr Nanoseconds kSettle = std::chrono::milliseconds(4);  // faults of the window are logged
constexpr Nanoseconds kStandstill = std::chrono::seconds(15);  // no window for so long: the guest is stuck
constexpr std::size_t kMostRows = 4096;

struct Range {
  Gva start;
  std::uint64_t bytes = 0;
  std::set<Gpa> pages;  // that back it when the window opens
  [[nodiscard]] bool contains(Gva address) const { return address >= start && address - start < bytes; }
};

// What a window is about: the range of the entry, or of the whole remap.
Range range_of(const Candidate& opening, Mailbox& mailbox) {
  constexpr std::uint64_t kPage = 4096, kLargePage = 2ULL << 20;
  constexpr std::uint64_t kMost = 64ULL << 20;  // as the guest says it, who may say anything; the vmemmap of 4 GiB
  if (opening.probe && (opening.probe->probe == RS_PROBE_BBM_BREAK || opening.probe->probe == RS_PROBE_BBM_MAKE)) {
    return {Gva(opening.probe->args[0]), opening.probe->args[3] == RS_LEVEL_PMD ? kLargePage : kPage, {}};
  }
  if (opening.probe && opening.probe->probe == RS_PROBE_UPDATE_BEGIN) {
    return {Gva(opening.probe->args[0]), opening.probe->args[2] == RS_LEVEL_PMD ? kLargePage : kPage, {}};
  }
  if (opening.probe && opening.probe->probe == RS_PROBE_REMAP_BEGIN &&
      opening.probe->args[1] - opening.probe->args[0] - 1 < kMost) {
    return {Gva(opening.probe->args[0]), opening.probe->args[1] - opening.probe->args[0], {}};
  }
  return {Gva(mailbox.target() & ~(kPage - 1)), kPage, {}};
}

// The physical pages behind a range: those mapped now, and the one that the entry named until the window opened. The
// kernel reaches them through its direct map, too.
void find_pages(Range& range, const Candidate& opening, const AddressSpace& space, const GuestMemory& memory) {
  constexpr std::uint64_t kPage = kGuestPageSize;
  for (std::uint64_t at = 0; at < range.bytes; at += kPage) {
    if (const auto physical = walk(kHostIsa, space, memory, range.start + at).physical) {
      range.pages.insert(Gpa(physical->value & ~(kPage - 1)));
    }
  }
  if (opening.probe && opening.probe->probe == RS_PROBE_BBM_BREAK) {
    const Gpa old(opening.probe->args[2] & arch_of(kHostIsa).entry_address);
    for (std::uint64_t at = 0; at < range.bytes; at += kPage) range.pages.insert(old + at);
  }
}

class CensusCollector {
 public:
  CensusCollector(const TrialEnvironment& environment, const CensusOptions& options, const Plan& plan,
                  Disassembler disassembler, MemoryAccessDecoder decoder)
      : environment_(environment),
        options_(options),
        plan_(plan),
        disassembler_(std::move(disassembler)),
        decoder_(std::move(decoder)) {}

  Result<Census> run(const std::function<void(const std::string&)>& progress) {
    Window window = options_.explore.window;
    RS_TRY(resolve_window(window, environment_.symbols));
    RS_ASSIGN(machine_, Machine::create(environment_.kvm, environment_.symbols, environment_.clock,
                                        machine_config(environment_, plan_)));
    RS_TRY(machine_->load(environment_.kernel));
    Recorder recorder(environment_.clock, environment_.symbols, plan_, {});
    MachineTask task;
    task.armed_probes = probes_of(window);
    task.silent_probes = silent_probes_of(window, strategy_kind(plan_.strategy));
    if (window.open.pattern.address) task.breakpoints = {*window.open.pattern.address};
    task.catch_at = [&](const Candidate& candidate) { return matches(window.open.pattern, candidate); };
    RS_TRY(recorder.begin(*machine_, 0, std::move(task)));
    machine_->start();
    const Status looked = look(window, recorder, progress);
    machine_->stop();
    machine_.reset();
    if (!looked) return looked.error();
    return finish();
  }

 private:
  Status look(const Window& window, Recorder& recorder, const std::function<void(const std::string&)>& progress) {
    Timeout moved;
    bool ready = false;
    while (census_.windows < options_.windows) {
      const MachineState state = machine_->turn(kCensusTurn);
      if (environment_.stop) {
        census_.interrupted = true;
        return {};
      }
      if (machine_->locked([&] { return recorder.kept().full(); })) {
        census_.log_full = true;
        return {};
      }
      if (state.done || state.dead || machine_->locked([&] { return recorder.judge().decided(); })) break;
      if (!state.caught) {
        progress(state.ready ? "windows seen: " + std::to_string(census_.windows) : std::string("booting"));
        if (state.ready && !ready) {
          ready = true;
          moved.restart(state.attended, state.given);
        }
        const auto still = moved.check(ready ? kStandstill : environment_.boot_limit, state.attended, state.given);
        if (still == Timeout::State::starved) return host_error("this host is too busy to run the guest");
        if (still == Timeout::State::over) {
          if (census_.windows == 0) break;
          census_.stood_still = true;
          return {};
        }
        continue;
      }
      RS_TRY(look_into(window, *state.caught, recorder));
      moved.restart(state.attended, state.given);
    }
    if (census_.windows != 0) return {};
    const auto reasons = recorder.judge().judgement().reasons;
    return usage_error("the window " + window.name + " (" + window.open.text + ") never opened" +
                           (reasons.empty() ? "" : ": " + reasons.front()),
                       "--workload gives the guest something else to do");
  }

  // One window: the machine was caught where it opened.
  Status look_into(const Window& window, const Candidate& opening, Recorder& recorder) {
    EventLog& log = recorder.log();
    const CaptureSink& capture = recorder.kept();
    RS_TRY(machine_->freeze());
    const auto vcpu = static_cast<unsigned>(opening.vcpu);
    Range range = range_of(opening, machine_->mailbox());
    RS_ASSIGN(const CpuState here, machine_->vcpu(vcpu).state());
    space_ = here.space;
    find_pages(range, opening, here.space, machine_->memory());
    const std::size_t from = machine_->locked([&] { return capture.events().size(); });
    machine_->thaw(vcpu);
    bool clear = false;
    EntryWatch entry(range.start);
    for (std::uint64_t steps = 0;; ++steps) {
      if (steps >= options_.explore.most_steps || environment_.stop) {
        return usage_error("the window " + window.name + " does not close within " + std::to_string(steps) +
                           " instructions");
      }
      RS_ASSIGN(const CpuState state, machine_->vcpu(vcpu).state());
      if (steps > 0 && window.close.pattern.address == state.pc) break;
      if (window.of_entry) {
        entry.look(state, machine_->memory());
        if (entry.over()) break;
      }
      const bool was_clear = std::exchange(clear, entry_clear(state, range));
      if (clear && !was_clear) RS_TRY(provoke_faults(vcpu, state.pc, log));
      RS_TRY(count_operands(vcpu, state, range));
      ++census_.steps;
      const Stepped stepped = step_once(*machine_, vcpu);
      if (!stepped.trouble.empty()) return host_error("a window cannot be stepped through: " + stepped.trouble);
      if (!window.of_entry && stepped.candidate && matches(window.close.pattern, *stepped.candidate)) break;
    }
    ++census_.windows;
    RS_TRY(machine_->freeze());
    machine_->release_catch();
    machine_->thaw();
    wait(kSettle, log);
    const std::vector<Event> events = machine_->locked([&] {
      const auto& all = capture.events();
      return std::vector<Event>(all.begin() + static_cast<std::ptrdiff_t>(from), all.end());
    });
    for (const Event& event : events) count_fault(event, range);
    return {};
  }

  // Whether the entry that the guest says it changes is absent just now.
  [[nodiscard]] bool entry_clear(const CpuState& state, const Range& range) const {
    const Gva target(machine_->mailbox().target());
    return range.contains(target) && !walk(kHostIsa, state.space, machine_->memory(), target).present();
  }

  // An entry has just become absent: gives the others time to run into it, and one of them an interrupt whose handler
  // does. That one must be idle: a reader that waits for the entry already, interrupted, would wait for ever behind
  // itself.
  Status provoke_faults(unsigned vcpu, Gva pc, EventLog& log) {
    if (!plan_.rules.empty()) {
      // Out of the guest first: KVM_NMI waits for a vCPU that is inside KVM_RUN, which an idle one may be for long.
      RS_TRY(machine_->freeze());
      machine_->inject(census_.injections++ % plan_.rules.size(), vcpu, pc);
      machine_->thaw(vcpu);
    }
    if (machine_->vcpu_count() > 1) wait(kDwell, log);
    return {};
  }

  void wait(Nanoseconds length, EventLog& log) {
    const Nanoseconds until = log.now() + length;
    while (log.now() < until && !environment_.stop) {
      if (machine_->turn(std::min(kCensusTurn, until - log.now())).caught) break;
    }
  }

  Status count_operands(unsigned vcpu, const CpuState& state, const Range& range) {
    const ReadVirtual read = virtual_reader(kHostIsa, state.space, machine_->memory());
    std::array<std::uint8_t, 15> code{};
    if (!read(state.pc, std::as_writable_bytes(std::span(code)))) return {};
    if (!state.interrupts_enabled) return host_error("whether interrupts are on could not be read");
    RS_ASSIGN(const RegisterValue value, register_values(machine_->vcpu(vcpu)));
    for (const MemoryAccess& access : decoder_.accesses(code, state.pc, value)) {
      if (!access.address) {
        ++census_.unresolved;
        continue;
      }
      const bool direct = range.contains(*access.address);
      if (!direct && !backs(range, state, *access.address)) continue;
      const auto count = linux_preempt_count(machine_->vcpu(vcpu), environment_.symbols, machine_->memory());
      const std::string context =
          count ? context_name(context_of(static_cast<std::uint32_t>(context_of_preempt_count(*count)))) : "unknown";
      add({state.pc, access.kind, context, *state.interrupts_enabled, true, !direct,
           caller_of(kHostIsa, state, read, environment_.symbols)});
    }
    return {};
  }

  // Whether an address outside the range is another name of a page behind it.
  [[nodiscard]] bool backs(const Range& range, const CpuState& state, Gva address) const {
    const auto physical = walk(kHostIsa, state.space, machine_->memory(), address).physical;
    return physical && range.pages.contains(Gpa(physical->value & ~0xfffULL));
  }

  void count_fault(const Event& event, const Range& range) {
    const auto* probe = std::get_if<ProbeEvent>(&event.body);
    if (probe == nullptr || probe->probe != RS_PROBE_FAULT_ENTER || !range.contains(Gva(probe->args[0]))) return;
    const Gva pc(probe->args[1]);
    std::array<std::uint8_t, 15> code{};
    std::optional<AccessKind> kind;
    if (read_text(pc, code)) kind = decoder_.classify(code, pc);
    add({pc,
         kind,
         context_name(context_of(probe->context)),
         (probe->context & RS_CTX_IRQS_OFF) == 0,
         false,
         false,
         {}});
  }

  // The kernel's own code; its mapping is the same on every vCPU.
  bool read_text(Gva pc, std::span<std::uint8_t> out) {
    return space_ && read_virtual(kHostIsa, *space_, machine_->memory(), pc, std::as_writable_bytes(out));
  }

  struct Key {
    Gva pc;
    std::optional<AccessKind> kind;
    std::string context;
    bool interrupts_on = false;
    bool in_window = false;
    bool alias = false;
    std::string caller;
    auto operator<=>(const Key&) const = default;
  };

  void add(const Key& key) {
    auto found = rows_.find(key);
    if (found == rows_.end()) {
      if (rows_.size() >= kMostRows) return;
      CensusRow row{key.pc,        {},        0,          {}, key.kind, key.context, key.interrupts_on,
                    key.in_window, key.alias, key.caller, 0};
      if (const auto symbol = environment_.symbols.lookup(key.pc)) {
        row.symbol = symbol->name;
        row.offset = symbol->offset;
      }
      std::array<std::uint8_t, 15> code{};
      if (read_text(key.pc, code)) row.text = disassembler_.one(code, key.pc).text;
      found = rows_.emplace(key, std::move(row)).first;
    }
    ++found->second.count;
  }

  Census finish() {
    for (auto& [key, row] : rows_) census_.rows.push_back(std::move(row));
    std::stable_sort(census_.rows.begin(), census_.rows.end(),
                     [](const CensusRow& a, const CensusRow& b) { return a.count > b.count; });
    const Window& window = options_.explore.window;
    census_.window = window.name;
    census_.window_opens = window.open.text;
    census_.window_closes = window.close.text;
    census_.strategy = plan_.strategy;
    census_.flavour = plan_.flavour;
    for (const Workload& one : plan_.workloads) census_.workloads.push_back(workload_text(one));
    census_.cpus = plan_.cpus;
    census_.guest = plan_.guest;
    census_.host = plan_.host;
    census_.repeat = repeat_words(plan_, census_words(options_));
    return std::move(census_);
  }

  const TrialEnvironment& environment_;
  const CensusOptions& options_;
  const Plan& plan_;
  Disassembler disassembler_;
  MemoryAccessDecoder decoder_;
  std::unique_ptr<Machine> machine_;
  std::optional<AddressSpace> space_;
  std::map<Key, CensusRow> rows_;
  Census census_;
};

}  // namespace

std::vector<Workload> census_workloads(const CensusOptions& options) {
  std::vector<Workload> workloads = {
      {0, "hugetlb-cycle", {{"pages", "1"}, {"repeat", std::to_string(std::max<std::uint64_t>(2, options.windows))}}}};
  if (options.explore.cpus > 1) workloads.push_back({1, "read-target", {}});
  if (options.explore.cpus > 2) workloads.push_back({2, "kpageflags", {}});
  // The last one of four stays idle, for interrupts.
  return workloads;
}

std::optional<unsigned> idle_vcpu(const std::vector<Workload>& workloads, unsigned cpus) {
  for (unsigned vcpu = cpus; vcpu-- > 1;) {
    if (std::none_of(workloads.begin(), workloads.end(), [&](const Workload& one) { return one.vcpu == vcpu; })) {
      return vcpu;
    }
  }
  return std::nullopt;
}

std::string census_words(const CensusOptions& options) {
  std::string words = explore_words(options.explore);
  words.replace(0, words.find(' '), "census");
  return words + " --windows " + std::to_string(options.windows);
}

Result<Census> take_census(const TrialEnvironment& environment, const CensusOptions& options, const Plan& plan,
                           const std::function<void(const std::string&)>& progress) {
  RS_ASSIGN(Disassembler disassembler, Disassembler::create(kHostIsa));
  RS_ASSIGN(MemoryAccessDecoder decoder, MemoryAccessDecoder::create(kHostIsa));
  return CensusCollector(environment, options, plan, std::move(disassembler), std::move(decoder)).run(progress);
}

}  // namespace remapstorm
