// SPDX-License-Identifier: Apache-2.0
// ExploreWorker: one machine of an exploration, and one trial at a time on it. For one thread.
#pragma once

#include <memory>
#include <vector>

#include "campaign/explore/explorer.h"
#include "campaign/explore/explorer_take.h"
#include "telemetry/kinds.h"
#include "trial/recorder.h"

namespace remapstorm {

class ExploreWorker {
 public:
  // A machine of its own, restored from the window's snapshot; or `machine`, which stands there. `environment` and
  // `exploration` must outlive this. Errors: host.
  static Result<std::unique_ptr<ExploreWorker>> create(const TrialEnvironment& environment,
                                                       const Exploration& exploration,
                                                       std::unique_ptr<Machine> machine = nullptr);

  // Back to the checkpoint before the boundary, to it, inject, step until it is taken, run to the verdict. `events`:
  // all of the trial. An error means that this machine is of no more use.
  Result<PointOutcome> execute(const ExplorePoint& point, std::vector<Event>& events);

 private:
  ExploreWorker(const TrialEnvironment& environment, const Exploration& exploration)
      : environment_(environment), exploration_(exploration) {}
  [[nodiscard]] Plan plan_for(const ExplorePoint& point) const;
  // The injections of a point, as far as they were raised.
  struct Raised {
    std::vector<InjectorKind> parts;    // irq, nmi, hold
    std::size_t here = 0;               // so many at the first boundary, the others at the second
    std::vector<std::uint32_t> tokens;  // by part
    // By boundary: the part that is taken first, and where.
    std::vector<std::size_t> first;
    std::vector<Taking> takings;
  };
  Status tell_the_way(const WalkMark& mark, Recorder& recorder);
  std::string raise(Raised& raised, std::size_t from, std::size_t to, std::size_t boundary);
  [[nodiscard]] std::vector<TakenAt> taken(const ExplorePoint& point, const Raised& raised,
                                           const std::vector<Event>& events) const;
  [[nodiscard]] std::string repeat_line(const ExplorePoint& point) const;

  const TrialEnvironment& environment_;
  const Exploration& exploration_;
  std::unique_ptr<Machine> machine_;
};

}  // namespace remapstorm
