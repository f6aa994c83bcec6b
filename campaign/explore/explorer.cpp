// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/explorer.h"

#include <sys/prctl.h>

#include <algorithm>
#include <mutex>

#include "base/names.h"
#include "campaign/explore/explorer_worker.h"
#include "campaign/worker_pool.h"
#include "plan/repeat.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

constexpr unsigned long kTimerSlackNs = 1000;
constexpr int kMostAttempts = 3;  // of a point whose trial failed for a reason of the harness or the host

std::string note_of(InjectorKind part, const ExploreOptions& options) {
  if (part == InjectorKind::hold) {
    return "the vCPU in the window is not run for " + std::to_string(options.hold.count() / 1'000'000) + " ms";
  }
  if (part == InjectorKind::serror) return "an uncontainable SError on the vCPU in the window";
  const auto ways = arch_of(kHostIsa).interrupt_ways;
  const auto named = std::ranges::find_if(ways, [&](const InterruptWay& way) { return way.name == options.via; });
  const InterruptWay& way = named != ways.end() ? *named : ways.front();
  const std::string what = part == InjectorKind::nmi ? arch_of(kHostIsa).nmi : way.words;
  return what + " to the vCPU in the window; its handler: " + options.action;
}

// The points of an exploration on several machines. One machine less is only slower; none left is an error.
class ExploreRun {
 public:
  ExploreRun(const TrialEnvironment& environment, Exploration& exploration, std::vector<ExplorePoint> points,
             const ExploreHooks& hooks)
      : environment_(environment), exploration_(exploration), points_(std::move(points)), hooks_(hooks) {}

  Status run(unsigned jobs) {
    workers_.resize(std::max(1U, jobs));
    WorkerPool pool;
    pool.places = static_cast<unsigned>(workers_.size());
    pool.ready = [this](unsigned worker) { return machine_for(worker); };
    pool.work = [this](unsigned worker, std::size_t number) { return work(workers_[worker], points_[number]); };
    pool.tick = hooks_.tick;
    return work_through(points_.size(), pool, environment_.stop);
  }

 private:
  // The first machine stands at the window already.
  Status machine_for(unsigned worker) {
    if (workers_[worker] != nullptr) return {};
    // The default, 50 us, is half of what a worker waits between two looks at the rings. Refused, it is only slower.
    prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
    std::unique_ptr<Machine> machine = worker == 0 ? std::move(exploration_.first) : nullptr;
    RS_ASSIGN(workers_[worker], ExploreWorker::create(environment_, exploration_, std::move(machine)));
    return {};
  }

  Status work(std::unique_ptr<ExploreWorker>& worker, const ExplorePoint& point) {
    std::vector<Event> events;
    PointOutcome outcome = attempt(worker, point, events);
    for (std::size_t i = 1; i < exploration_.options.executions; ++i) {
      auto* trial = std::get_if<ExploredTrial>(&outcome);
      if (trial == nullptr || environment_.stop) break;
      std::vector<Event> others;
      const PointOutcome again = attempt(worker, point, others);
      if (const auto* skipped = std::get_if<SkippedPoint>(&again)) {
        const std::string which =
            "execution " + std::to_string(i + 1) + " of " + std::to_string(exploration_.options.executions) + ": ";
        outcome = SkippedPoint{point, which + skipped->reason};
        break;
      }
      note_repetition(*trial, std::get<ExploredTrial>(again));
    }
    if (environment_.stop && std::holds_alternative<SkippedPoint>(outcome)) return {};
    const std::lock_guard lock(mutex_);
    return hooks_.done(outcome, events);
  }

  // Tries a point until it says something, a few times. A machine that failed is made anew, here or for the next point.
  PointOutcome attempt(std::unique_ptr<ExploreWorker>& worker, const ExplorePoint& point, std::vector<Event>& events) {
    PointOutcome outcome = SkippedPoint{};
    for (int tries = 0; tries < kMostAttempts; ++tries) {
      if (worker == nullptr) {
        Result<std::unique_ptr<ExploreWorker>> made = ExploreWorker::create(environment_, exploration_);
        if (!made.ok()) return outcome;
        worker = std::move(made).value();
      }
      Result<PointOutcome> one = worker->execute(point, events);
      if (one.ok()) {
        outcome = *one;
        if (environment_.stop || std::holds_alternative<ExploredTrial>(outcome)) break;
        continue;
      }
      outcome = SkippedPoint{point, one.error().message};
      worker.reset();
    }
    return outcome;
  }

  const TrialEnvironment& environment_;
  Exploration& exploration_;
  const std::vector<ExplorePoint> points_;
  const ExploreHooks& hooks_;
  std::vector<std::unique_ptr<ExploreWorker>> workers_;  // each its worker's own
  std::mutex mutex_;                                     // hooks_.done
};

}  // namespace

Certificate certificate_of(const Exploration& exploration) {
  const ExploreOptions& options = exploration.options;
  Certificate certificate;
  certificate.window = options.window.name;
  certificate.kind = exploration.walked.kind;
  certificate.window_opens = options.window.open.text;
  certificate.window_closes = options.window.close.text;
  certificate.nth = options.nth;
  certificate.vcpu = exploration.vcpu();
  certificate.strategy = options.strategy;
  certificate.flavour = exploration.plan.flavour;
  certificate.calls_followed = options.follow_calls;
  certificate.injections = injection_names(options);
  certificate.pairs = pair_names(options);
  certificate.stride = options.stride;
  certificate.executions = options.executions;
  for (const std::string& inject : certificate.injections) {
    std::string note;
    for (const InjectorKind part : parts_of(inject)) note += (note.empty() ? "" : "; then ") + note_of(part, options);
    certificate.injection_notes.push_back(std::move(note));
  }
  for (const Workload& workload : exploration.plan.workloads) certificate.workloads.push_back(workload_text(workload));
  certificate.cpus = exploration.plan.cpus;
  certificate.memory = exploration.plan.memory;
  certificate.append = exploration.plan.append;
  certificate.guest = exploration.plan.guest;
  certificate.host = exploration.plan.host;
  certificate.repeat = repeat_words(exploration.plan, explore_words(options));
  certificate.boundaries = exploration.walked.boundaries;
  return certificate;
}

std::vector<ExplorePoint> points_of(const Exploration& exploration) { return certificate_of(exploration).all_points(); }

namespace {

Result<std::size_t> boundary_of(const Exploration& exploration, const BoundaryChoice& choice) {
  const auto& boundaries = exploration.walked.boundaries;
  std::optional<std::size_t> found;
  std::vector<std::string> places;
  for (std::size_t i = 0; i < boundaries.size() && !found; ++i) {
    const std::string place = place_of(boundaries[i].symbol, boundaries[i].offset, boundaries[i].pc);
    const bool named = place == choice.place || (boundaries[i].offset == 0 && boundaries[i].symbol == choice.place);
    if (choice.index ? *choice.index == i : named && boundaries[i].visit == choice.visit) found = i;
    places.push_back(place);
  }
  if (!found && choice.index) {
    return usage_error("there is no boundary " + std::to_string(*choice.index) + ": the window " +
                       exploration.options.window.name + " has " + std::to_string(boundaries.size()) + ", from 0");
  }
  if (!found) {
    const auto near = near_matches(choice.place, places, 3);
    return usage_error("execution does not visit " + choice.place +
                           (choice.visit > 1 ? " " + std::to_string(choice.visit) + " times" : "") + " in the window " +
                           exploration.options.window.name,
                       near.empty() ? "its boundaries are from " + places.front() + " to " + places.back()
                                    : "did you mean " + join(near) + "?");
  }
  return *found;
}

}  // namespace

Result<std::vector<ExplorePoint>> points_at(const Exploration& exploration, const BoundaryChoice& choice,
                                            const std::optional<BoundaryChoice>& then) {
  RS_ASSIGN(const std::size_t first, boundary_of(exploration, choice));
  std::optional<std::size_t> second;
  if (then) {
    RS_ASSIGN(second, boundary_of(exploration, *then));
    if (*second <= first) {
      return usage_error("boundary " + std::to_string(*second) + " does not come after boundary " +
                             std::to_string(first) + " in the window " + exploration.options.window.name,
                         "give the earlier one first; without the second, both are injected at one boundary");
    }
  }
  std::vector<ExplorePoint> points;
  for (const std::string& inject : injection_names(exploration.options)) points.push_back({first, inject, second});
  return points;
}

Status explore(const TrialEnvironment& environment, Exploration& exploration, std::vector<ExplorePoint> points,
               unsigned jobs, const ExploreHooks& hooks) {
  if (points.empty()) return {};
  return ExploreRun(environment, exploration, std::move(points), hooks).run(jobs);
}

unsigned usual_jobs(const ExploreOptions& options) {
  std::vector<unsigned> busy;
  for (const Workload& one : options.workloads.empty() ? default_workloads(options) : options.workloads) {
    if (one.run == kReaderInHolds) continue;  // in place of the vCPU that is held
    if (std::find(busy.begin(), busy.end(), one.vcpu) == busy.end()) busy.push_back(one.vcpu);
  }
  return guests_at_a_time(host_cpus(), static_cast<unsigned>(busy.size()));
}

}  // namespace remapstorm
