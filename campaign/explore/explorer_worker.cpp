// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/explorer_worker.h"

#include <algorithm>

#include "campaign/explore/explorer_take.h"
#include "plan/repeat.h"
#include "telemetry/probe_names.h"
#include "telemetry/proof_standard.h"
#include "trial/host_share.h"
#include "trial/recorder.h"
#include "trial/supervisor.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kExploreTurn = std::chrono::microseconds(100);

// What `token`'s handler logged of where it interrupted the guest: an instruction, not which visit of it.
std::optional<TakenAt> taken_by_handler(const std::vector<Event>& events, std::uint32_t token, const Symbols& symbols) {
  for (const Event& event : events) {
    const auto* probe = std::get_if<ProbeEvent>(&event.body);
    if (probe == nullptr || probe->probe != RS_PROBE_INJECT_ENTER || probe->args[1] != token) continue;
    TakenAt taken;
    taken.pc = Gva(probe->args[2]);
    taken.context = context_name(probe->context);
    if (const auto symbol = symbols.lookup(taken.pc)) {
      taken.symbol = symbol->name;
      taken.offset = symbol->offset;
    }
    return taken;
  }
  return std::nullopt;
}

// What the host saw and what the handler said, put together.
std::optional<TakenAt> taken_at(const Taking& taking, std::optional<TakenAt> said, const Walked& walked, bool nmi) {
  if (taking.where == Taking::Where::behind && said) said->exact = true;
  if (taking.where != Taking::Where::here) return said;
  const Gva pc = walked.trail[taking.steps];
  // Something else was taken there first, such as a timer's interrupt.
  if (said && said->pc != pc) return said;
  const auto& boundaries = walked.boundaries;
  const auto there = std::lower_bound(boundaries.begin(), boundaries.end(), taking.steps,
                                      [](const Boundary& one, std::uint64_t steps) { return one.steps < steps; });
  if (!said) said = TakenAt{pc, {}, 0, std::nullopt, nmi ? "nmi" : "hardirq", false};
  said->exact = true;
  if (there != boundaries.end() && there->steps == taking.steps) {
    said->boundary = static_cast<std::size_t>(there - boundaries.begin());
    said->symbol = there->symbol;
    said->offset = there->offset;
  }
  return said;
}

// As --at takes it.
std::string choice_text(const Boundary& boundary) {
  const std::string place = place_of(boundary.symbol, boundary.offset, boundary.pc);
  return boundary.visit > 1 ? place + "/" + std::to_string(boundary.visit) : place;
}

Rule rule_for(const std::string& name, const std::string& part, const Boundary& boundary,
              const ExploreOptions& options) {
  Rule rule;
  rule.name = name;
  // Without an address: the trial injects by hand, and a breakpoint at this place must not do it again.
  rule.when.pattern.at = place_of(boundary.symbol, boundary.offset, boundary.pc);
  rule.when.nth = boundary.visit;
  rule.action.injector = part;
  auto& values = rule.action.parameters.values;
  values["vcpu"] = kHitVcpu;
  if (part == "hold") {
    values["mode"] = std::string("hard");
    values["for_ms"] = options.hold;
  } else {
    values["action"] = options.action;
    if (part == "irq") values["via"] = options.via;
  }
  return rule;
}

// Of injections [from, to) raised at one boundary, the one that is taken first: an NMI before what can be masked.
std::size_t first_taken(const std::vector<std::string>& parts, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    if (parts[i] == "nmi") return i;
  }
  return from;
}

// Sees when execution comes to the second boundary of a pair. Handlers and deeper calls run through the same
// instructions, with another stack pointer; a loop comes by several times.
class Arrival {
 public:
  Arrival(const Walked& walked, const ExplorePoint& point)
      : place_(walked.boundaries[*point.second].pc),
        stack_(walked.stacks[walked.boundaries[*point.second].steps]),
        visits_left_(visits_between(walked, point.boundary, *point.second)) {}

  [[nodiscard]] Gva place() const { return place_; }
  // The vCPU stands at place(). True once.
  bool on_visit(const Result<CpuState>& state) {
    if (!state || state->pc != place_ || state->sp != stack_ || visits_left_ == 0) return false;
    return --visits_left_ == 0;
  }

 private:
  Gva place_, stack_;
  std::uint64_t visits_left_;
};

}  // namespace

Result<std::unique_ptr<ExploreWorker>> ExploreWorker::create(const TrialEnvironment& environment,
                                                             const Exploration& exploration,
                                                             std::unique_ptr<Machine> machine) {
  std::unique_ptr<ExploreWorker> worker(new ExploreWorker(environment, exploration));
  if (machine == nullptr) {
    RS_ASSIGN(machine, Machine::create(environment.kvm, environment.symbols, environment.clock,
                                       machine_config(environment, exploration.plan)));
    RS_TRY(machine->restore(*exploration.at_window));
    RS_TRY(machine->freeze());
    machine->start();
  }
  RS_TRY(machine->prepare_reset(*exploration.at_window));
  worker->machine_ = std::move(machine);
  return worker;
}

Plan ExploreWorker::plan_for(const ExplorePoint& point) const {
  Plan plan = exploration_.plan;
  const std::vector<std::string> parts = parts_of(point.inject);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = parts.size() == 1 ? parts[i] : std::to_string(i + 1) + "-" + parts[i];
    const std::size_t at = i == 0 ? point.boundary : point.second.value_or(point.boundary);
    plan.rules.push_back(rule_for(name, parts[i], exploration_.walked.boundaries[at], exploration_.options));
  }
  // A hold stalls those who wait for the window: most of its length is what to look for. With inplace there is no
  // window that anybody could wait for. And a busy host must not look like a stall.
  const bool holds = std::find(parts.begin(), parts.end(), "hold") != parts.end() && plan.strategy != "inplace";
  plan.limits.stall_threshold = holds ? exploration_.options.hold * 3 / 4
                                      : std::max<Nanoseconds>(plan.limits.stall_threshold, std::chrono::seconds(2));
  return plan;
}

// What was just raised at the boundary `steps` behind the opening. A vCPU that is held is not stepped.
Taking ExploreWorker::take(const std::vector<std::string>& parts, std::size_t from, std::size_t to,
                           std::uint64_t steps) {
  const auto begin = parts.begin();
  if (std::find(begin + static_cast<std::ptrdiff_t>(from), begin + static_cast<std::ptrdiff_t>(to), "hold") !=
      begin + static_cast<std::ptrdiff_t>(to)) {
    return {};
  }
  const bool maskable = parts[first_taken(parts, from, to)] != "nmi";
  return step_until_taken(*machine_, exploration_.vcpu(), exploration_.walked, steps, maskable);
}

Result<PointOutcome> ExploreWorker::execute(const ExplorePoint& point, std::vector<Event>& events) {
  const Boundary& boundary = exploration_.walked.boundaries[point.boundary];
  const Plan plan = plan_for(point);
  const Nanoseconds began = environment_.clock.now();
  const WalkMark& mark = exploration_.mark_for(point.boundary);
  RS_ASSIGN(const ResetCost cost, machine_->reset(&mark.machine));
  Recorder recorder(environment_.clock, environment_.symbols, plan, {.now = exploration_.opened_at});
  recorder.log_plan(0);
  // The walk from the opening to the mark took its time; the guest is as if it had just come there.
  const Nanoseconds since = recorder.log().now() - exploration_.opened_at;
  const Nanoseconds lag = machine_->counter_lag(exploration_.at_window->counter, since);
  recorder.replay(exploration_.prologue, lag);
  recorder.replay(std::span(exploration_.on_the_way).first(mark.events),
                  machine_->counter_lag(mark.machine.counter, since));
  machine_->move_notes(lag);
  MachineTask task;
  task.ready = true;
  std::optional<Arrival> arrival;
  if (point.second) {
    arrival.emplace(exploration_.walked, point);
    task.breakpoints.push_back(arrival->place());
  }
  task.catch_at = [&](const Candidate& candidate) {
    if (candidate.vcpu != exploration_.opening.vcpu) return false;
    const bool there = arrival && !candidate.probe && candidate.pc == arrival->place();
    return there && arrival->on_visit(machine_->vcpu(exploration_.vcpu()).state());
  };
  RS_TRY(recorder.begin(*machine_, 0, std::move(task)));
  recorder.log().add(-1, ResetEvent{cost.total(), cost.pages_copied});

  const auto finish = [&](PointOutcome outcome) -> Result<PointOutcome> {
    const Status ended = recorder.end(*machine_);
    events = recorder.kept().events();
    if (!ended) return ended.error();
    return outcome;
  };
  if (std::string why = step_to(*machine_, environment_.symbols, exploration_.vcpu(), exploration_.walked, mark.steps,
                                point.boundary);
      !why.empty()) {
    return finish(SkippedPoint{point, std::move(why)});
  }
  std::vector<std::uint32_t> tokens;
  const std::size_t here = point.second ? 1 : plan.rules.size();
  const std::vector<std::string> parts = parts_of(point.inject);
  std::vector<Taking> takings;
  for (std::size_t i = 0; i < here; ++i) tokens.push_back(machine_->inject(i, exploration_.vcpu(), boundary.pc));
  takings.push_back(take(parts, 0, here, boundary.steps));
  // A step that failed may have left the guest anywhere: what came of it would be no verdict about the guest.
  if (!takings.back().trouble.empty()) return finish(SkippedPoint{point, takings.back().trouble});
  SupervisorOptions supervising;
  supervising.limits = plan.limits;
  supervising.turn = kExploreTurn;
  supervising.enough = least_run(plan.host.port_round_trip);
  machine_->thaw();
  Supervisor supervisor(supervising, environment_.stop, *machine_, recorder.judge(), recorder.log());
  supervisor.run([](const char*, Nanoseconds) {});
  if (supervisor.state().caught && !supervisor.interrupted()) {
    if (const Status there = machine_->freeze(); !there) return finish(SkippedPoint{point, there.error().message});
    for (std::size_t i = here; i < plan.rules.size(); ++i) {
      tokens.push_back(machine_->inject(i, exploration_.vcpu(), arrival->place()));
    }
    takings.push_back(take(parts, here, plan.rules.size(), exploration_.walked.boundaries[*point.second].steps));
    if (!takings.back().trouble.empty()) return finish(SkippedPoint{point, takings.back().trouble});
    machine_->release_catch();
    machine_->thaw();
    supervisor.run([](const char*, Nanoseconds) {});
  }
  const Status ended = recorder.end(*machine_);
  events = recorder.kept().events();
  if (!ended) return ended.error();

  const Judgement judgement = recorder.judge().judgement();
  const std::string reason = judgement.reasons.empty() ? std::string() : judgement.reasons.front();
  if (supervisor.interrupted()) return PointOutcome(SkippedPoint{point, "interrupted"});
  if (judgement.verdict == Verdict::error) {
    return PointOutcome(SkippedPoint{point, "the trial failed: " + reason});
  }
  ExploredTrial trial;
  static_cast<ExplorePoint&>(trial) = point;
  trial.second_raised = point.second && tokens.size() == plan.rules.size();
  trial.verdict = judgement.verdict;
  trial.reason = reason;
  if (!judgement.findings.empty()) trial.fingerprint = judgement.findings.front().fingerprint;
  trial.duration = environment_.clock.now() - began;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t raised = i < here ? point.boundary : *point.second;
    if (parts[i] == "hold") {
      const Boundary& at = exploration_.walked.boundaries[raised];
      trial.taken.push_back({at.pc, at.symbol, at.offset, raised, "held", true});
      continue;
    }
    const Taking unknown;
    const Taking& taking = i == first_taken(parts, i < here ? 0 : here, i < here ? here : parts.size())
                               ? takings[i < here ? 0 : 1]
                               : unknown;
    auto taken = taken_at(taking, taken_by_handler(events, tokens[i], environment_.symbols), exploration_.walked,
                          parts[i] == "nmi");
    if (taken) trial.taken.push_back(*std::move(taken));
  }
  ExploreOptions again = exploration_.options;
  again.injections = {point.inject};
  again.pairs = Pairs::none;
  again.stride = 1;
  std::string at = choice_text(boundary);
  if (point.second) at += "," + choice_text(exploration_.walked.boundaries[*point.second]);
  trial.repeat = repeat_words(exploration_.plan, explore_words(again) + " --at " + at);
  return PointOutcome(std::move(trial));
}

}  // namespace remapstorm
