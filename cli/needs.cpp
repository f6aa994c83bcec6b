// SPDX-License-Identifier: Apache-2.0
#include "cli/needs.h"

#include <unistd.h>

#include <algorithm>

#include "base/host_kind.h"
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
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

bool guests_run_here(const CommandContext& context) {
  return context.environment("REMAPSTORM_LAB") || ::access("/dev/kvm", F_OK) == 0;
}

// A line that repeats something names its image by hashes; where that one is kept none is built.
bool has_wanted(const CommandContext& context, const std::string& flavour, const SameBytes& wanted) {
  if (wanted.kernel.empty() && wanted.initramfs.empty()) return false;
  const Result<Paths> paths = find_paths(context.environment, context.home);
  if (!paths.ok()) return false;
  const Result<GuestImageInfo> image = find_guest_image(*paths, context.environment, flavour, wanted);
  return image.ok() && is_wanted(*image, wanted);
}

Flavours flavours_of_run(const CommandContext& context, const RunRequest& options) {
  if (options.dry_run || !guests_run_here(context)) return {};
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

// What a host needs of a flavour: "std", or "std@arm64" for a lab whose machine is of another architecture than ours.
// Kinds of labs are named by architectures.
std::string need_of(const std::string& flavour, const std::string& host) {
  const std::string kind = lab_kind(host);
  const bool foreign = !kind.empty() && !std::string_view(arch_of(kHostIsa).guest).starts_with(kind);
  return foreign ? flavour + "@" + kind : flavour;
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
  matrix.architecture = arch_of(kHostIsa).guest;
  Flavours flavours;
  for (const SweepCell& cell : cells_of(matrix, *scenarios).made) {
    const std::string config = context.source_dir + "/guest/kernel/config/" + cell.flavour + ".config";
    if (::access(config.c_str(), R_OK) == 0) flavours.insert(need_of(cell.flavour, cell.host));
  }
  return flavours;
}

bool has_lab(const std::vector<std::string>& hosts) {
  return std::any_of(hosts.begin(), hosts.end(),
                     [](const std::string& host) { return host_kind(host) == HostKind::lab; });
}

template <typename Words, typename FlavoursOf>
Flavours ask(const CommandContext& context, const Arguments& words, FlavoursOf flavours_of) {
  const auto options = parse_words<Words>(context, words);
  return options.ok() && options->has_value() ? flavours_of(**options) : Flavours();
}

Flavours flavours_of_explore(const CommandContext& context, const ExploreOptions& options) {
  const bool there = has_wanted(context, options.flavour, wanted_of_image(options.same, options.kernel));
  return there || !guests_run_here(context) ? Flavours() : Flavours{options.flavour};
}

}  // namespace

Flavours run_needs(const CommandContext& context, const Arguments& words) {
  return ask<RunWords>(context, words, [&](const RunRequest& request) { return flavours_of_run(context, request); });
}

Flavours serve_needs(const CommandContext& context, const Arguments& words) {
  return ask<ServeWords>(context, words,
                         [&](const ServeRequest& request) { return flavours_of_run(context, request.run); });
}

Flavours minimize_needs(const CommandContext& context, const Arguments& words) {
  return ask<MinimizeWords>(context, words,
                            [&](const MinimizeRequest& request) { return flavours_of_run(context, request.run); });
}

Flavours sweep_needs(const CommandContext& context, const Arguments& words) {
  return ask<SweepWords>(context, words, [&](const SweepOptions& options) {
    return guests_run_here(context) || has_lab(options.hosts) ? flavours_of_sweep(context, options) : Flavours();
  });
}

Flavours soak_needs(const CommandContext& context, const Arguments& words) {
  return ask<SoakWords>(context, words, [&](const SoakOptions& options) {
    const bool there = has_wanted(context, options.flavour, options.same);
    const bool runs = guests_run_here(context) || has_lab(options.hosts);
    Flavours flavours;
    if (there || !runs) return flavours;
    for (const std::string& host : options.hosts) flavours.insert(need_of(options.flavour, host));
    return flavours;
  });
}

Flavours compare_needs(const CommandContext& context, const Arguments& words) {
  return ask<CompareWords>(context, words, [&](const CompareOptions& options) {
    return guests_run_here(context) ? Flavours{options.flavour} : Flavours();
  });
}

Flavours explore_needs(const CommandContext& context, const Arguments& words) {
  return ask<ExploreWords>(context, words,
                           [&](const ExploreOptions& options) { return flavours_of_explore(context, options); });
}

Flavours census_needs(const CommandContext& context, const Arguments& words) {
  return ask<CensusWords>(context, words,
                          [&](const CensusRequest& request) { return flavours_of_explore(context, request.explore); });
}

}  // namespace remapstorm
