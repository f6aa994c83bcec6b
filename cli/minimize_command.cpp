// SPDX-License-Identifier: Apache-2.0
// minimize: the smallest form of a scenario that still fails the same way.
#include "cli/minimize_session.h"
#include "cli/scenario_files.h"
#include "cli/words.h"

namespace remapstorm {

int minimize_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<MinimizeWords>(context, arguments, [&](const MinimizeRequest& request) {
    const Result<ScenarioCatalogue> catalogue = chosen_catalogue(context, request.run.scenario_dir);
    if (!catalogue.ok()) return report_error(context, catalogue.error());
    const Result<Scenario> scenario =
        open_scenario(context, *catalogue, request.run.scenarios.front(), full_vocabulary());
    if (!scenario.ok()) return report_error(context, scenario.error());
    MinimizeSession session(context, request);
    const Status prepared = session.prepare(*scenario);
    return prepared.ok() ? session.execute() : report_error(context, prepared.error());
  });
}

}  // namespace remapstorm
