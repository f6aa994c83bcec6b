// SPDX-License-Identifier: Apache-2.0
// From a cold guest to the snapshot where the window opens.
#include <algorithm>

#include "campaign/explore/explorer.h"
#include "results/trial_result.h"
#include "telemetry/kinds.h"
#include "trial/reach.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kReachLimit = std::chrono::seconds(60);

constexpr std::size_t kMostMarks = 1000;  // a checkpoint takes some 50 KiB

// The address whose entry the window is about, from the probe that opened it.
Gva target_of(const Candidate& opening) {
  if (!opening.probe) return Gva(0);
  const std::uint16_t probe = opening.probe->probe;
  const bool of_entry = probe == RS_PROBE_BBM_BREAK || probe == RS_PROBE_BBM_MAKE || probe == RS_PROBE_UPDATE_BEGIN;
  return of_entry ? Gva(opening.probe->args[0]) : Gva(0);
}

Error never_opened(const ExploreOptions& options, std::uint64_t seen, const Judgement& judgement, bool ended) {
  const std::string name = "the window " + options.window.name + " (" + options.window.open.text + ")";
  std::string message = seen == 0
                            ? name + " never opened"
                            : name + " opened " + std::to_string(seen) + " times, not " + std::to_string(options.nth);
  message += ended ? ": the guest ran its workloads to their end"
                   : ": " + (judgement.reasons.empty() ? "" : judgement.reasons.front());
  std::string workloads;
  for (const Workload& one : options.workloads.empty() ? default_workloads(options) : options.workloads) {
    workloads += (workloads.empty() ? "" : ", ") + workload_text(one);
  }
  return usage_error(message, "the workloads were " + workloads + "; --workload gives others");
}

// All of a certificate's ways through a window must be one.
Status same_way(const Walked& first, const Walked& second, const Symbols& symbols) {
  if (first.trail == second.trail) return {};
  for (std::size_t i = 0; i < std::min(first.trail.size(), second.trail.size()); ++i) {
    if (first.trail[i] != second.trail[i]) {
      return usage_error("the window is not the same way twice: after " + std::to_string(i) + " instructions at " +
                             symbols.describe(first.trail[i]) + ", then at " + symbols.describe(second.trail[i]),
                         "choose one that depends on nothing outside its vCPU");
    }
  }
  return usage_error("the window is not the same way twice: " + std::to_string(first.trail.size()) +
                     " instructions, then " + std::to_string(second.trail.size()));
}

// The machine stands where update.begin rang: takes it to where the entry's window opens. `prologue`: events up to
// there.
Result<WindowKind> step_to_opening(Machine& machine, const WalkRequest& request, const CaptureSink& capture,
                                   std::vector<Event>& prologue) {
  // Nobody waits for the next update.
  machine.mailbox().disarm(RS_PROBE_UPDATE_BEGIN);
  machine.mailbox().silence(RS_PROBE_UPDATE_BEGIN);
  RS_ASSIGN(const MachineSnapshot before, machine.take_snapshot());
  prologue = capture.events();
  std::size_t from = prologue.size();
  RS_ASSIGN(const EntryOpening opening, find_entry_opening(machine, request));
  const auto add = [&] {
    const std::vector<Event>& all = capture.events();
    prologue.insert(prologue.end(), all.begin() + static_cast<std::ptrdiff_t>(from), all.end());
  };
  if (opening.kind == WindowKind::absent) {
    add();
    return opening.kind;
  }
  // It went over the store: back, and stop in front of it.
  RS_TRY(machine.prepare_reset(before));
  RS_ASSIGN([[maybe_unused]] const ResetCost cost, machine.reset());
  from = capture.events().size();
  for (std::uint64_t i = 0; i < opening.steps; ++i) {
    std::string trouble = step_once(machine, request.vcpu).trouble;
    if (trouble.empty()) trouble = step_others(machine, request.vcpu);
    if (!trouble.empty()) return host_error("the way to the window is not the same twice: " + trouble);
  }
  machine.leave_reset();
  add();
  return opening.kind;
}

// From the stop in front of the window: to its opening, the snapshot, and twice through it.
Status walk_through(const TrialEnvironment& environment, Machine& machine, Recorder& recorder,
                    Exploration& exploration) {
  const CaptureSink& capture = recorder.kept();
  const ExploreOptions& options = exploration.options;
  WalkRequest request{options.window,       WindowKind::triggers, exploration.vcpu(),
                      options.follow_calls, options.most_steps,   target_of(exploration.opening)};
  exploration.prologue = capture.events();
  if (options.window.of_entry) {
    RS_ASSIGN(request.kind, step_to_opening(machine, request, capture, exploration.prologue));
  }
  RS_ASSIGN(MachineSnapshot snapshot, machine.take_snapshot());
  exploration.at_window = std::move(snapshot);
  RS_ASSIGN(const Walked first, walk_window(machine, environment.symbols, request));
  if (request.target.value == 0) request.target = first.target;
  RS_TRY(machine.prepare_reset(*exploration.at_window));
  RS_ASSIGN([[maybe_unused]] const ResetCost cost, machine.reset());
  const std::size_t before = capture.events().size();
  const std::size_t every = first.boundaries.size() / kMostMarks + 1;
  RS_ASSIGN(
      exploration.walked,
      walk_window(machine, environment.symbols, request, [&](std::size_t boundary, std::uint64_t steps) -> Status {
        if (boundary % every != 0) return {};
        auto& marks = exploration.marks;
        RS_ASSIGN(MachineCheckpoint here, machine.take_checkpoint(marks.empty() ? nullptr : &marks.back().machine));
        marks.push_back({boundary, steps, capture.events().size() - before, std::move(here)});
        return {};
      }));
  const std::vector<Event>& all = capture.events();
  exploration.on_the_way.assign(all.begin() + static_cast<std::ptrdiff_t>(before), all.end());
  return same_way(first, exploration.walked, environment.symbols);
}

}  // namespace

const WalkMark& Exploration::mark_for(std::size_t boundary) const {
  const auto behind = std::upper_bound(marks.begin(), marks.end(), boundary,
                                       [](std::size_t wanted, const WalkMark& one) { return wanted < one.boundary; });
  return *(behind - 1);
}

Result<Plan> explore_plan(const ExploreOptions& options, const GuestImageInfo& guest, const HostInfo& host,
                          const ResolveSymbol& resolve) {
  Scenario scenario;
  scenario.name = "explore-" + options.window.name;
  scenario.summary = "every boundary of " + options.window.summary;
  scenario.strategy = options.strategy;
  scenario.strategies = {options.strategy};
  scenario.flavours = {options.flavour};
  scenario.cpus = options.cpus;
  scenario.memory = options.memory;
  scenario.limits.timeout = options.timeout;
  scenario.limits.progress = std::min<Nanoseconds>(std::chrono::seconds(3), options.timeout);
  scenario.workloads = options.workloads.empty() ? default_workloads(options) : options.workloads;
  Overrides overrides;
  overrides.append = options.append;
  overrides.same = options.same;
  RS_ASSIGN(Plan plan, make_plan(scenario, overrides, guest, host, resolve));
  // Its rules come with the trials, and its guest boots before.
  for (const std::string& injection : injection_names(options)) {
    plan.nmis = plan.nmis || contains(parts_of(injection), InjectorKind::nmi);
  }
  return plan;
}

Result<std::unique_ptr<Exploration>> reach_window(const TrialEnvironment& environment, const ExploreOptions& options,
                                                  Plan plan, const std::function<void(const std::string&)>& progress) {
  auto exploration = std::make_unique<Exploration>();
  exploration->options = options;
  exploration->plan = std::move(plan);
  Window& window = exploration->options.window;
  RS_TRY(resolve_window(window, environment.symbols));

  if (!environment.breakpoints) {
    return unavailable_error(
        "execution breakpoints do not fire on this host's KVM: a step into a handler may have no end");
  }
  std::uint64_t seen = 0;
  MachineTask task;
  task.armed_probes = probes_of(window);
  task.silent_probes = silent_probes_of(window, strategy_kind(exploration->plan.strategy));
  if (window.open.pattern.address) task.breakpoints = {*window.open.pattern.address};
  task.catch_at = [&](const Candidate& candidate) {
    return matches(window.open.pattern, candidate) && ++seen == options.nth;
  };
  Limits limits = exploration->plan.limits;
  limits.timeout = kReachLimit;
  limits.progress = kReachLimit;  // a busy host is no reason not to come there
  RS_ASSIGN(Reached reached,
            reach(environment, exploration->plan, std::move(task), limits, [&](const char* phase, Nanoseconds) {
              progress(std::string(phase) == "booting" ? "booting" : "waiting for the window to open");
            }));
  if (reached.interrupted) return host_error("interrupted before the window opened");
  if (!reached.state.caught) {
    const Judgement judgement = reached.recorder->judge().judgement();
    if (!reached.state.ready) {
      Error error = guest_error("the guest did not come up: " + judgement.reasons.front());
      error.kind = kind_of_trouble(judgement);
      return error;
    }
    return never_opened(options, seen, judgement, reached.state.done);
  }
  exploration->opening = *reached.state.caught;
  exploration->stopped = reached.stopped;
  progress("walking the window");
  const Status walked = walk_through(environment, *reached.machine, *reached.recorder, *exploration);
  if (!walked) {
    reached.machine->stop();
    return walked.error();
  }
  reached.machine->end();
  exploration->first = std::move(reached.machine);
  return exploration;
}

}  // namespace remapstorm
