// SPDX-License-Identifier: Apache-2.0
// serve: scenarios round after round.
#include "cli/scenario_files.h"
#include "cli/serve_options.h"
#include "cli/serve_session.h"
#include "cli/words.h"

namespace remapstorm {

int serve_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<ServeWords>(context, arguments, [&](ServeOptions& options) {
    Result<std::vector<Scenario>> scenarios = open_scenarios(context, options.run.scenario_dir, options.run.scenarios);
    if (!scenarios.ok()) return report_error(context, scenarios.error());
    return run_session(context, ServeSession(context, options, std::move(scenarios).value()));
  });
}

}  // namespace remapstorm
