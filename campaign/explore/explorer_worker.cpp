// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/explorer_worker.h"

#include <algorithm>

#include "campaign/explore/explorer_take.h"
#include "plan/repeat.h"
#include "telemetry/kinds.h"
#include "telemetry/probe_names.h"
#include "telemetry/proof_standard.h"
#include "trial/host_share.h"
#include "trial/recorder.h"
#include "trial/supervisor.h"

namespace remapstorm {
namespace {

// Between two looks at the rings. Where exits are slow, so are looks, and they take the processor from the guest.
constexpr Nanoseconds kExploreTurn = std::chrono::microseconds(100);
constexpr int kExitsATurn = 8;

// What `token`'s handler logged of where it interrupted the guest: an instruction, not which visit of it.
std::optional<TakenAt> taken_by_handler(const std::vector<Event>& events, std::uint32_t token, const Symbols& symbols) {
  for (const Event& event : events) {
    const auto* probe = std::get_if<ProbeEvent>(&event.body);
    if (probe == nullptr || probe->probe != RS_PROBE_INJECT_ENTER || probe->args[1] != token) continue;
    TakenAt taken;
    taken.pc = Gva(probe->args[2]);
    taken.context = context_name(context_of(probe->context));
    if (const auto symbol = symbols.lookup(taken.pc)) {
      taken.symbol = symbol->name;
      taken.offset = symbol->offset;
    }
    return taken;
  }
  return std::nullopt;
}

Context context_entered_by(InjectorKind injected) { return comes_through(injected) ? Context::nmi : Context::hardirq; }

// What the host saw and what the handler said, put together.
std::optional<TakenAt> taken_at(const Taking& taking, std::optional<TakenAt> said, const Walked& walked,
                                InjectorKind injected) {
  if (taking.where == Taking::Where::behind && said) said->exact = true;
  if (taking.where != Taking::Where::here) return said;
  const Gva pc = walked.trail[taking.steps];
  // Something else was taken there first, such as a timer's interrupt.
  if (said && said->pc != pc) return said;
  const auto& boundaries = walked.boundaries;
  const auto there = std::lower_bound(boundaries.begin(), boundaries.end(), taking.steps,
                                      [](const Boundary& one, std::uint64_t steps) { return one.steps < steps; });
  if (!said) said = TakenAt{pc, {}, 0, std::nullopt, context_name(context_entered_by(injected)), false};
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

Rule rule_for(const std::string& name, InjectorKind part, const Boundary& boundary, const ExploreOptions& options) {
  Rule rule;
  rule.name = name;
  // Without an address: the trial injects by hand, and a breakpoint at this place must not do it again.
  rule.when.pattern.at = place_of(boundary.symbol, boundary.offset, boundary.pc);
  rule.when.nth = boundary.visit;
  rule.action.injector = injector_name(part);
  auto& values = rule.action.parameters.values;
  values["vcpu"] = kHitVcpu;
  if (part == InjectorKind::hold) {
    values["mode"] = std::string("hard");
    values["for_ms"] = options.hold;
  } else if (part != InjectorKind::serror) {
    values["action"] = options.action;
    if (part == InjectorKind::irq) values["via"] = options.via;
  }
  return rule;
}

// Of injections [from, to) raised at one boundary, the one that is taken first: an NMI before what can be masked.
std::size_t first_taken(std::span<const InjectorKind> parts, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    if (parts[i] == InjectorKind::nmi) return i;
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
  const std::vector<InjectorKind> parts = parts_of(point.inject);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = (parts.size() == 1 ? "" : std::to_string(i + 1) + "-") + injector_name(parts[i]);
    const std::size_t at = i == 0 ? point.boundary : point.second.value_or(point.boundary);
    plan.rules.push_back(rule_for(name, parts[i], exploration_.walked.boundaries[at], exploration_.options));
  }
  // A hold stalls those who wait for the window: most of its length is what to look for. With inplace there is no
  // window that anybody could wait for. And a busy host must not look like a stall.
  const bool holds = contains(parts, InjectorKind::hold) && breaks_entries(strategy_kind(plan.strategy));
  plan.limits.stall_threshold = holds ? exploration_.options.hold * 3 / 4
                                      : std::max<Nanoseconds>(plan.limits.stall_threshold, std::chrono::seconds(2));
  return plan;
}

// What led the guest to the mark, as if it had just come there: the walk took its time.
Status ExploreWorker::tell_the_way(const WalkMark& mark, Recorder& recorder) {
  recorder.log_plan(0);
  RS_ASSIGN(const TimeShift shift, machine_->time_shift(exploration_.stopped, recorder.log()));
  recorder.replay(exploration_.prologue, shift);
  recorder.replay(std::span(exploration_.on_the_way).first(mark.events), shift);
  machine_->move_notes(shift);
  return {};
}

// Raises injections [from, to) of a point at a boundary where the vCPU stands, and steps until the first of them is
// taken; a vCPU that is held is not stepped. What went wrong, or nothing: a step that failed may have left the guest
// anywhere, and what came of it would be no verdict about the guest.
std::string ExploreWorker::raise(Raised& raised, std::size_t from, std::size_t to, std::size_t boundary) {
  const Boundary& here = exploration_.walked.boundaries[boundary];
  bool held = false;
  for (std::size_t i = from; i < to; ++i) {
    raised.tokens.push_back(machine_->inject(i, exploration_.vcpu(), here.pc));
    held = held || raised.parts[i] == InjectorKind::hold;
  }
  const std::size_t first = first_taken(raised.parts, from, to);
  raised.first.push_back(first);
  raised.takings.push_back(
      held ? Taking{}
           : step_until_taken(*machine_, exploration_.vcpu(), exploration_.walked, here.steps, raised.parts[first]));
  return raised.takings.back().trouble;
}

std::vector<TakenAt> ExploreWorker::taken(const ExplorePoint& point, const Raised& raised,
                                          const std::vector<Event>& events) const {
  std::vector<TakenAt> all;
  for (std::size_t i = 0; i < raised.tokens.size(); ++i) {
    const bool second = i >= raised.here;
    if (raised.parts[i] == InjectorKind::hold) {
      const std::size_t boundary = second ? *point.second : point.boundary;
      const Boundary& at = exploration_.walked.boundaries[boundary];
      all.push_back({at.pc, at.symbol, at.offset, boundary, "held", true});
      continue;
    }
    // Of several at one place the others are taken some time after the first.
    const std::size_t place = second ? 1 : 0;
    const Taking taking = i == raised.first[place] ? raised.takings[place] : Taking{};
    auto one = taken_at(taking, taken_by_handler(events, raised.tokens[i], environment_.symbols), exploration_.walked,
                        raised.parts[i]);
    if (one) all.push_back(*std::move(one));
  }
  return all;
}

std::string ExploreWorker::repeat_line(const ExplorePoint& point) const {
  ExploreOptions again = exploration_.options;
  again.injections = {point.inject};
  again.pairs = Pairs::none;
  again.stride = 1;
  const auto& boundaries = exploration_.walked.boundaries;
  std::string at = choice_text(boundaries[point.boundary]);
  if (point.second) at += "," + choice_text(boundaries[*point.second]);
  return repeat_words(exploration_.plan, explore_words(again) + " --at " + at);
}

Result<PointOutcome> ExploreWorker::execute(const ExplorePoint& point, std::vector<Event>& events) {
  const auto& boundaries = exploration_.walked.boundaries;
  if (boundaries[point.boundary].in_sequence || (point.second && boundaries[*point.second].in_sequence)) {
    return PointOutcome(SkippedPoint{point, "inside an exclusive sequence, which begins anew when a vCPU stops there"});
  }
  const Plan plan = plan_for(point);
  const Nanoseconds began = environment_.clock.now();
  const WalkMark& mark = exploration_.mark_for(point.boundary);
  RS_ASSIGN(const ResetCost cost, machine_->reset(&mark.machine));
  Recorder recorder(environment_.clock, environment_.symbols, plan, {.now = exploration_.stopped.trial_time});
  RS_TRY(tell_the_way(mark, recorder));
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

  Raised raised{parts_of(point.inject), point.second ? 1 : plan.rules.size(), {}, {}, {}};
  SupervisorOptions supervising;
  supervising.limits = plan.limits;
  supervising.turn = std::max(kExploreTurn, kExitsATurn * plan.host.port_round_trip);
  supervising.enough = least_run(plan.host.port_round_trip);
  Supervisor supervisor(supervising, environment_.stop, *machine_, recorder.judge(), recorder.log());
  std::string skipped =
      step_to(*machine_, environment_.symbols, exploration_.vcpu(), exploration_.walked, mark.steps, point.boundary);
  if (skipped.empty()) skipped = raise(raised, 0, raised.here, point.boundary);
  if (skipped.empty()) {
    machine_->thaw();
    supervisor.run([](const char*, Nanoseconds) {});
  }
  if (skipped.empty() && supervisor.state().caught && !supervisor.interrupted()) {
    const Status frozen = machine_->freeze();
    skipped = frozen ? raise(raised, raised.here, plan.rules.size(), *point.second) : frozen.error().message;
    if (skipped.empty()) {
      machine_->release_catch();
      machine_->thaw();
      supervisor.run([](const char*, Nanoseconds) {});
    }
  }
  const Status ended = recorder.end(*machine_);
  events = recorder.kept().events();
  if (!ended) return ended.error();
  if (supervisor.interrupted()) skipped = "interrupted";
  const Judgement judgement = recorder.judge().judgement();
  const std::string reason = judgement.reasons.empty() ? std::string() : judgement.reasons.front();
  if (skipped.empty() && judgement.verdict == Verdict::error) skipped = "the trial failed: " + reason;
  if (!skipped.empty()) return PointOutcome(SkippedPoint{point, std::move(skipped)});

  ExploredTrial trial;
  static_cast<ExplorePoint&>(trial) = point;
  trial.second_raised = point.second && raised.tokens.size() == plan.rules.size();
  trial.verdict = judgement.verdict;
  trial.reason = reason;
  if (!judgement.findings.empty()) trial.fingerprint = judgement.findings.front().fingerprint;
  trial.duration = environment_.clock.now() - began;
  trial.taken = taken(point, raised, events);
  trial.repeat = repeat_line(point);
  return PointOutcome(std::move(trial));
}

}  // namespace remapstorm
