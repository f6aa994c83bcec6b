// SPDX-License-Identifier: Apache-2.0
// Explorer: every instruction boundary of a window x every injection, each from the same snapshot, to a verdict.
//
// reach_window() boots a guest, stops it where the window opens, snapshots it and walks the window twice, the second
// time with checkpoints on the way; explore() then runs the points on as many machines as asked, each trial from the
// checkpoint next before its boundary.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "campaign/explore/explore_options.h"
#include "campaign/explore/explorer_walk.h"
#include "results/certificate.h"
#include "trial/machine.h"
#include "trial/trial.h"

namespace remapstorm {

// A place on the walk to begin trials from.
struct WalkMark {
  std::size_t boundary = 0;
  std::uint64_t steps = 0;
  std::size_t events = 0;  // of Exploration::on_the_way, logged by then
  MachineCheckpoint machine;
};

// What every machine of an exploration shares; immutable once made.
struct Exploration {
  ExploreOptions options;
  Plan plan;  // without rules; each trial adds those of its injections
  std::optional<MachineSnapshot> at_window;
  std::vector<Event> prologue;  // everything up to the opening of the window
  // In front of the window. The harness takes it on from there instruction by instruction, which takes no time on the
  // line of a trial.
  StoppedAt stopped;
  Candidate opening;
  Walked walked;
  std::vector<WalkMark> marks;     // ascending; the first at boundary 0
  std::vector<Event> on_the_way;   // what the guest logged while it was walked
  std::unique_ptr<Machine> first;  // frozen, somewhere; taken by the first worker

  [[nodiscard]] unsigned vcpu() const { return static_cast<unsigned>(opening.vcpu); }
  // The last one that is not behind `boundary`.
  [[nodiscard]] const WalkMark& mark_for(std::size_t boundary) const;
};

using PointOutcome = std::variant<ExploredTrial, SkippedPoint>;

// The plan of an exploration. Errors: those of make_plan().
Result<Plan> explore_plan(const ExploreOptions& options, const GuestImageInfo& guest, const HostInfo& host,
                          const ResolveSymbol& resolve);

// `progress`: what is being done, from time to time. Errors: usage for a window that never opens or never closes or for
// symbols that are missing; host.
Result<std::unique_ptr<Exploration>> reach_window(const TrialEnvironment& environment, const ExploreOptions& options,
                                                  Plan plan, const std::function<void(const std::string&)>& progress);

// A certificate of this exploration without trials; version, build and time are the caller's to add.
Certificate certificate_of(const Exploration& exploration);

// All points, in order. / Those at one boundary, or with `then` at two. Error: usage, if there is no such boundary.
std::vector<ExplorePoint> points_of(const Exploration& exploration);
Result<std::vector<ExplorePoint>> points_at(const Exploration& exploration, const BoundaryChoice& choice,
                                            const std::optional<BoundaryChoice>& then = std::nullopt);

struct ExploreHooks {
  // A point is done, with its events; one call at a time, from worker threads. An error ends the exploration.
  std::function<Status(const PointOutcome& outcome, const std::vector<Event>& events)> done;
  // About ten times a second, from the calling thread.
  std::function<void()> tick;
};

// Runs `points` on `jobs` machines until all are done or environment.stop is true. A point whose machine failed is
// skipped with the reason; error: host, if no machine could be made to work.
Status explore(const TrialEnvironment& environment, Exploration& exploration, std::vector<ExplorePoint> points,
               unsigned jobs, const ExploreHooks& hooks);

// How many machines this host should run at a time.
unsigned usual_jobs(const ExploreOptions& options);

}  // namespace remapstorm
