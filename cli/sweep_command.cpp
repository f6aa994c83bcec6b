// SPDX-License-Identifier: Apache-2.0
// sweep: the matrix of scenarios, strategies, flavours, hosts and seeds.
#include "cli/sweep_options.h"
#include "cli/sweep_session.h"
#include "report/exit_code.h"

namespace remapstorm {
int sweep_command(const CommandContext& context, const Arguments& arguments) {
  const Result<std::optional<SweepOptions>> options = parse_sweep_options(context, arguments);
  if (!options.ok()) return report_error(context, options.error());
  if (!options->has_value()) {
    context.out << sweep_help(context);
    return kExitOk;
  }
  Result<std::vector<Scenario>> scenarios = sweep_scenarios(context, **options);
  if (!scenarios.ok()) return report_error(context, scenarios.error());
  SweepSession session(context, **options, std::move(scenarios).value());
  const Status prepared = session.prepare();
  if (!prepared.ok()) return report_error(context, prepared.error());
  return session.execute();
}

}  // namespace remapstorm
