// SPDX-License-Identifier: Apache-2.0
// sweep: the matrix of scenarios, strategies, flavours, hosts and seeds.
#include "cli/sweep_options.h"
#include "cli/sweep_session.h"
#include "cli/words.h"

namespace remapstorm {

int sweep_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<SweepWords>(context, arguments, [&](const SweepOptions& options) {
    Result<std::vector<Scenario>> scenarios = sweep_scenarios(context, options);
    if (!scenarios.ok()) return report_error(context, scenarios.error());
    return run_session(context, SweepSession(context, options, std::move(scenarios).value()));
  });
}

}  // namespace remapstorm
