// SPDX-License-Identifier: Apache-2.0
// run: from the words a person typed to trials and an exit code.
#include "cli/dry_run.h"
#include "cli/run_options.h"
#include "cli/run_session.h"
#include "cli/scenario_files.h"
#include "report/exit_code.h"

namespace remapstorm {
namespace {

// `./run docter` is more likely a command than a scenario.
Error with_near_command(Error error, const std::string& typed) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (!command.hidden) names.emplace_back(command.name);
  }
  const std::vector<std::string> near = near_matches(typed, names, 1);
  if (!near.empty()) error.hint = "did you mean the command " + near[0] + "? " + error.hint;
  return error;
}

// All scenarios are read before the first guest starts: a mistake in the last one must not cost an hour.
Result<std::vector<Scenario>> open_all(const CommandContext& context, const RunOptions& options) {
  RS_ASSIGN(const ScenarioCatalogue catalogue, chosen_catalogue(context, options.scenario_dir));
  const Vocabulary vocabulary = full_vocabulary();
  std::vector<Scenario> scenarios;
  for (const std::string& typed : options.scenarios) {
    RS_ASSIGN(Scenario scenario, open_scenario(catalogue, typed, vocabulary));
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace

int run_command(const CommandContext& context, const Arguments& arguments) {
  const Result<std::optional<RunOptions>> options = parse_run_options(context, arguments);
  if (!options.ok()) return report_error(context, options.error());
  if (!options->has_value()) {
    context.out << run_help(context);
    return kExitOk;
  }
  Result<std::vector<Scenario>> scenarios = open_all(context, **options);
  if (!scenarios.ok()) {
    const bool unknown = scenarios.error().message.starts_with("unknown scenario");
    const Error error =
        unknown ? with_near_command(scenarios.error(), (*options)->scenarios.front()) : scenarios.error();
    return report_error(context, error);
  }
  if ((*options)->dry_run) return dry_run(context, **options, *scenarios);
  RunSession session(context, **options, std::move(scenarios).value());
  const Status prepared = session.prepare();
  if (prepared.ok()) return session.execute();
  if (prepared.error().kind == ErrorKind::usage) return report_error(context, prepared.error());
  return session.report_not_run(prepared.error());
}

}  // namespace remapstorm
