// SPDX-License-Identifier: Apache-2.0
// needs: the flavours of the guest images that a command line will boot, one a line. ./run asks this before it builds.
// Mistakes in the command line need nothing: the command itself will explain them.
#include <unistd.h>

#include <set>

#include "cli/compare_session.h"
#include "cli/explore_options.h"
#include "cli/minimize_options.h"
#include "cli/run_options.h"
#include "cli/scenario_files.h"
#include "cli/serve_options.h"
#include "cli/soak_session.h"
#include "cli/sweep_options.h"
#include "harness/sweep.h"
#include "report/exit_code.h"

namespace remapstorm {

namespace {

// Of a command that starts guests; nothing for all others.
Result<std::optional<RunOptions>> options_of(const CommandContext& context, const Meant& meant) {
  if (meant.command->run == run_command) return parse_run_options(context, meant.arguments);
  if (meant.command->run == serve_command) {
    RS_ASSIGN(std::optional<ServeOptions> options, parse_serve_options(context, meant.arguments));
    return options ? std::optional<RunOptions>(std::move(options->run)) : std::nullopt;
  }
  if (meant.command->run != minimize_command) return std::optional<RunOptions>();
  RS_ASSIGN(const std::optional<MinimizeRequest> request, parse_minimize_request(context, meant.arguments));
  return request ? std::optional<RunOptions>(request->run) : std::nullopt;
}

// Of a sweep that has such cells, and that this tree can build; without it the sweep says which cells did not run.
std::set<std::string> flavours_of_sweep(const CommandContext& context, const Arguments& arguments) {
  const Result<std::optional<SweepOptions>> options = parse_sweep_options(context, arguments);
  if (!options.ok() || !options->has_value()) return {};
  const Result<std::vector<Scenario>> scenarios = sweep_scenarios(context, **options);
  if (!scenarios.ok()) return {};
  SweepMatrix matrix;
  for (const Scenario& scenario : *scenarios) matrix.scenarios.push_back(scenario.name);
  matrix.strategies = (*options)->strategies;
  matrix.flavours = (*options)->flavours;
  matrix.hosts = (*options)->hosts;
  std::set<std::string> flavours;
  for (const SweepCell& cell : cells_of(matrix, *scenarios).made) {
    const std::string config = context.source_dir + "/guest/kernel/config/" + cell.flavour + ".config";
    if (::access(config.c_str(), R_OK) == 0) flavours.insert(cell.flavour);
  }
  return flavours;
}

// Of the commands that make their scenarios themselves.
std::set<std::string> flavours_of_measures(const CommandContext& context, const Meant& meant) {
  if (meant.command->run == sweep_command) return flavours_of_sweep(context, meant.arguments);
  if (meant.command->run == soak_command) {
    const Result<std::optional<SoakOptions>> options = parse_soak_options(context, meant.arguments);
    if (options.ok() && options->has_value()) return {(*options)->flavour};
  }
  if (meant.command->run == compare_command) {
    const Result<std::optional<CompareOptions>> options = parse_compare_options(context, meant.arguments);
    if (options.ok() && options->has_value()) return {(*options)->flavour};
  }
  return {};
}

}  // namespace

int needs_command(const CommandContext& context, const Arguments& arguments) {
  Arguments words = arguments;
  if (!words.empty() && words.front() == "--") words.erase(words.begin());
  const Meant meant = what_is_meant(words);
  if (meant.command != nullptr && meant.command->run == explore_command) {
    const Result<std::optional<ExploreOptions>> options = parse_explore_options(context, meant.arguments);
    if (options.ok() && options->has_value()) context.out << (*options)->flavour << '\n';
    return kExitOk;
  }
  if (meant.command != nullptr && meant.command->run == census_command) {
    const Result<std::optional<CensusOptions>> options = parse_census_options(context, meant.arguments);
    if (options.ok() && options->has_value()) context.out << (*options)->explore.flavour << '\n';
    return kExitOk;
  }
  if (meant.command == nullptr) return kExitOk;
  for (const std::string& flavour : flavours_of_measures(context, meant)) context.out << flavour << '\n';
  const Result<std::optional<RunOptions>> options = options_of(context, meant);
  if (!options.ok() || !options->has_value() || (*options)->dry_run) return kExitOk;
  const Result<ScenarioCatalogue> catalogue = chosen_catalogue(context, (*options)->scenario_dir);
  if (!catalogue.ok()) return kExitOk;
  const Vocabulary vocabulary = full_vocabulary();
  std::set<std::string> flavours;
  // Only serve may go without names, which means all.
  for (const std::string& typed : (*options)->scenarios.empty() ? catalogue->names : (*options)->scenarios) {
    const Result<Scenario> scenario = open_scenario(*catalogue, typed, vocabulary);
    if (!scenario.ok()) return kExitOk;
    const std::string flavour = chosen_flavour(*scenario, (*options)->overrides);
    for (const std::string& known : vocabulary.flavours) {
      if (known == flavour) flavours.insert(flavour);
    }
  }
  for (const std::string& flavour : flavours) context.out << flavour << '\n';
  return kExitOk;
}

}  // namespace remapstorm
