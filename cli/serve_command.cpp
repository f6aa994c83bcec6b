// SPDX-License-Identifier: Apache-2.0
// serve: scenarios round after round.
#include "cli/scenario_files.h"
#include "cli/serve_options.h"
#include "cli/serve_session.h"
#include "report/exit_code.h"

namespace remapstorm {
namespace {

Result<std::vector<Scenario>> open_all(const CommandContext& context, const RunOptions& options) {
  RS_ASSIGN(const ScenarioCatalogue catalogue, chosen_catalogue(context, options.scenario_dir));
  const Vocabulary vocabulary = full_vocabulary();
  const std::vector<std::string>& wanted = options.scenarios.empty() ? catalogue.names : options.scenarios;
  if (wanted.empty()) return usage_error("there are no scenarios", "name a scenario file");
  std::vector<Scenario> scenarios;
  for (const std::string& name : wanted) {
    RS_ASSIGN(Scenario scenario, open_scenario(catalogue, name, vocabulary));
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace

int serve_command(const CommandContext& context, const Arguments& arguments) {
  Result<std::optional<ServeOptions>> options = parse_serve_options(context, arguments);
  if (!options.ok()) return report_error(context, options.error());
  if (!options->has_value()) {
    context.out << serve_help(context);
    return kExitOk;
  }
  Result<std::vector<Scenario>> scenarios = open_all(context, (*options)->run);
  if (!scenarios.ok()) return report_error(context, scenarios.error());
  ServeSession session(context, **options, std::move(scenarios).value());
  const Status prepared = session.prepare();
  if (!prepared.ok()) return report_error(context, prepared.error());
  return session.execute();
}

}  // namespace remapstorm
