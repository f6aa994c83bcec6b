// SPDX-License-Identifier: Apache-2.0
// How long a remap strategy is in guest instructions: the vCPU that remaps is stepped through a remap, and what its
// instructions come to is counted. No clock is in it, so there is no noise of the host; what still varies (turns of
// waiting loops) is taken out and told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "results/strategy_count.h"
#include "trial/trial.h"

namespace remapstorm {

// Two vCPUs; `reader`: the second one reads struct pages, else it sleeps.
enum class Counted : std::uint8_t { remap, fault };
Scenario counting_scenario(const std::string& strategy, Counted what);

// One run. `quiet_plan` and `reader_plan` are of counting_scenario(). That something could not be counted is in the
// result. Error: host, usage.
Result<CountRun> count_strategy(const TrialEnvironment& environment, const Plan& quiet_plan, const Plan& reader_plan);

}  // namespace remapstorm
