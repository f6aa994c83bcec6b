// SPDX-License-Identifier: Apache-2.0
// needs: the flavours of the guest images that a command line will boot, one a line. ./run asks this before it builds.
// Mistakes in the command line need nothing: the command itself will explain them. Where it can only say that no guest
// runs here it needs nothing, either: to build an image takes minutes.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "cli/compare_options.h"
#include "cli/explore_options.h"
#include "cli/minimize_options.h"
#include "cli/run_options.h"
#include "cli/scenario_files.h"
#include "cli/serve_options.h"
#include "cli/soak_options.h"
#include "cli/sweep_options.h"
#include "cli/words.h"
#include "results/sweep.h"
#include "trial/guest_image.h"

namespace remapstorm {
namespace {

using Flavours = std::set<std::string>;

// A line that repeats something names its image by hashes; where that one is kept none is built.
bool has_wanted(const CommandContext& context, const std::string& flavour, const SameBytes& wanted) {
  if (wanted.kernel.empty() && wanted.initramfs.empty()) return false;
  const Result<Paths> paths = find_paths(context.environment, context.home);
  if (!paths.ok()) return false;
  const Result<GuestImageInfo> image = find_guest_image(*paths, context.environment, flavour, wanted);
  return image.ok() && is_wanted(*image, wanted);
}

Flavours flavours_of_run(const CommandContext& context, const RunRequest& options) {
  if (options.dry_run) return {};
  // Without names, which only serve may be: all.
  const Result<std::vector<Scenario>> scenarios = open_scenarios(context, options.scenario_dir, options.scenarios);
  if (!scenarios.ok()) return {};
  const std::vector<std::string> known = full_vocabulary().flavours;
  Flavours flavours;
  for (const Scenario& scenario : *scenarios) {
    const std::string flavour = chosen_flavour(scenario, options.overrides);
    if (std::find(known.begin(), known.end(), flavour) == known.end()) continue;
    if (!has_wanted(context, flavour, wanted_of_image(options.overrides.same, options.overrides.kernel)))
      flavours.insert(flavour);
  }
  return flavours;
}

// Of its cells, and that this tree can build; without it the sweep says which cells did not run.
Flavours flavours_of_sweep(const CommandContext& context, const SweepOptions& options) {
  const Result<std::vector<Scenario>> scenarios = sweep_scenarios(context, options);
  if (!scenarios.ok()) return {};
  SweepMatrix matrix;
  for (const Scenario& scenario : *scenarios) matrix.scenarios.push_back(scenario.name);
  matrix.strategies = options.strategies;
  matrix.flavours = options.flavours;
  matrix.hosts = options.hosts;
  Flavours flavours;
  for (const SweepCell& cell : cells_of(matrix, *scenarios).made) {
    const std::string config = context.source_dir + "/guest/kernel/config/" + cell.flavour + ".config";
    if (::access(config.c_str(), R_OK) == 0) flavours.insert(cell.flavour);
  }
  return flavours;
}

bool guests_run_here(const CommandContext& context) {
  return context.environment("REMAPSTORM_LAB") || ::access("/dev/kvm", F_OK) == 0;
}

bool has_lab(const std::vector<std::string>& hosts) {
  return std::any_of(hosts.begin(), hosts.end(), [](const std::string& host) { return !lab_kind(host).empty(); });
}

template <typename Words, typename FlavoursOf>
Flavours ask(const CommandContext& context, const Arguments& arguments, FlavoursOf flavours_of) {
  const auto options = parse_words<Words>(context, arguments);
  return options.ok() && options->has_value() ? flavours_of(**options) : Flavours();
}

// Of commands that start no guests: none.
Flavours flavours_of_command(const CommandContext& context, const Meant& meant) {
  const auto run = meant.command->run;
  const Arguments& words = meant.arguments;
  const auto of_run = [&](const RunRequest& options) { return flavours_of_run(context, options); };
  const auto of_part = [&](const auto& options) { return of_run(options.run); };
  const bool here = guests_run_here(context);
  const auto of_sweep = [&](const SweepOptions& options) {
    return here || has_lab(options.hosts) ? flavours_of_sweep(context, options) : Flavours();
  };
  const auto named = [](const auto& options) { return Flavours{options.flavour}; };
  const auto of_explore = [&](const ExploreOptions& options) {
    const bool there = has_wanted(context, options.flavour, wanted_of_image(options.same, options.kernel));
    return there ? Flavours() : named(options);
  };
  const auto of_soak = [&](const SoakOptions& options) {
    const bool there = has_wanted(context, options.flavour, options.same);
    return !there && (here || has_lab(options.hosts)) ? named(options) : Flavours();
  };
  if (run == sweep_command) return ask<SweepWords>(context, words, of_sweep);
  if (run == soak_command) return ask<SoakWords>(context, words, of_soak);
  if (!here) return {};
  if (run == run_command) return ask<RunWords>(context, words, of_run);
  if (run == serve_command) return ask<ServeWords>(context, words, of_part);
  if (run == minimize_command) return ask<MinimizeWords>(context, words, of_part);
  if (run == compare_command) return ask<CompareWords>(context, words, named);
  if (run == explore_command) return ask<ExploreWords>(context, words, of_explore);
  if (run == census_command) {
    return ask<CensusWords>(context, words, [&](const CensusRequest& request) { return of_explore(request.explore); });
  }
  return {};
}

}  // namespace

int needs_command(const CommandContext& context, const Arguments& arguments) {
  Arguments words = arguments;
  if (!words.empty() && words.front() == "--") words.erase(words.begin());
  const Meant meant = what_is_meant(words);
  if (meant.command == nullptr) return kExitOk;
  for (const std::string& flavour : flavours_of_command(context, meant)) context.out << flavour << '\n';
  return kExitOk;
}

}  // namespace remapstorm
