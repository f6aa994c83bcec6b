// SPDX-License-Identifier: Apache-2.0
// run: from the words a person typed to trials and an exit code.
#include "cli/dry_run.h"
#include "cli/run_options.h"
#include "cli/run_session.h"
#include "cli/scenario_files.h"
#include "cli/words.h"

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

}  // namespace

int run_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<RunWords>(context, arguments, [&](const RunOptions& options) {
    Result<std::vector<Scenario>> scenarios = open_scenarios(context, options.scenario_dir, options.scenarios);
    if (!scenarios.ok()) {
      const bool unknown = scenarios.error().message.starts_with("unknown scenario");
      return report_error(
          context, unknown ? with_near_command(scenarios.error(), options.scenarios.front()) : scenarios.error());
    }
    if (options.dry_run) return dry_run(context, options, *scenarios);
    RunSession session(context, options, std::move(scenarios).value());
    const Status prepared = session.prepare();
    if (prepared.ok()) return session.execute();
    if (prepared.error().kind == ErrorKind::usage) return report_error(context, prepared.error());
    return session.report_not_run(prepared.error());
  });
}

}  // namespace remapstorm
