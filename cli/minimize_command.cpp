// SPDX-License-Identifier: Apache-2.0
// minimize: the smallest form of a scenario that still fails the same way.
#include "cli/minimize_session.h"
#include "cli/scenario_files.h"
#include "report/exit_code.h"

namespace remapstorm {

int minimize_command(const CommandContext& context, const Arguments& arguments) {
  const Result<std::optional<MinimizeRequest>> request = parse_minimize_request(context, arguments);
  if (!request.ok()) return report_error(context, request.error());
  if (!request->has_value()) {
    context.out << minimize_help(context);
    return kExitOk;
  }
  const RunOptions& run = (*request)->run;
  const Result<ScenarioCatalogue> catalogue = chosen_catalogue(context, run.scenario_dir);
  if (!catalogue.ok()) return report_error(context, catalogue.error());
  const Result<Scenario> scenario = open_scenario(*catalogue, run.scenarios.front(), full_vocabulary());
  if (!scenario.ok()) return report_error(context, scenario.error());
  MinimizeSession session(context, **request);
  const Status prepared = session.prepare(*scenario);
  if (!prepared.ok()) return report_error(context, prepared.error());
  return session.execute();
}

}  // namespace remapstorm
