// SPDX-License-Identifier: Apache-2.0
// What run, list and describe share: from a word to a scenario.
#pragma once

#include <string>
#include <vector>

#include "base/names.h"
#include "cli/command.h"
#include "plan/plan.h"

namespace remapstorm {

// The shipped scenarios, or those of --scenario-dir.
Result<ScenarioCatalogue> chosen_catalogue(const CommandContext& context, const std::string& scenario_dir);

// Names a scenario file may use: this build's injectors, probes, strategies, flavours.
Vocabulary full_vocabulary();

// `typed`: a name of the catalogue or a file. It is `shipped` if its own name stands for this very file.
Result<Scenario> open_scenario(const CommandContext& context, const ScenarioCatalogue& catalogue,
                               const std::string& typed, const Vocabulary& vocabulary);

// All that were `typed`, or all of the catalogue if none was. A mistake in the last one must not cost an hour: this
// comes before the first guest. Errors: usage, also if there are none.
Result<std::vector<Scenario>> open_scenarios(const CommandContext& context, const std::string& scenario_dir,
                                             const std::vector<std::string>& typed);

// As they are on this program's architecture; a sweep, which may run on others, leaves that to its cells.
std::vector<Scenario> on_this_architecture(const std::vector<Scenario>& scenarios);

}  // namespace remapstorm
