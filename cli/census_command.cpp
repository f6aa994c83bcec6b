// SPDX-License-Identifier: Apache-2.0
// census: who touches the remapped vmemmap pages while a window is open.
#include <algorithm>
#include <optional>

#include "base/build_id.h"
#include "campaign/explore/explorer.h"
#include "cli/explore_options.h"
#include "cli/scenario_files.h"
#include "cli/status_line.h"
#include "cli/stop_signals.h"
#include "cli/words.h"
#include "report/census.h"
#include "results/exit_code.h"
#include "trial/guest_image.h"
#include "trial/runner.h"

namespace remapstorm {
namespace {

// Everything between checked words and a census.
Result<Census> take(const CommandContext& context, const CensusOptions& options, const StopSignals& signals,
                    StatusLine& status) {
  const SteadyClock clock;
  RS_ASSIGN(const Kvm kvm, Kvm::open());
  RS_TRY(kvm.check_required());
  RS_ASSIGN(const HostInfo host, describe_host(kvm, clock, context.environment));
  RS_ASSIGN(const Paths paths, find_paths(context.environment, context.home));
  RS_ASSIGN(const GuestImageInfo image,
            find_guest_image(paths, context.environment, options.explore.flavour,
                             wanted_of_image(options.explore.same, options.explore.kernel)));
  RS_ASSIGN(const auto runner, Runner::create(kvm, image, options.explore.kernel, host, clock, signals.stop(),
                                              paths.cache + "/snapshots"));
  Window window = options.explore.window;
  const TrialEnvironment environment = runner->environment();
  RS_TRY(resolve_window(window, environment.symbols));
  ExploreOptions guest = options.explore;
  if (guest.workloads.empty()) guest.workloads = census_workloads(options);
  RS_ASSIGN(Plan plan, explore_plan(guest, runner->guest(), host, runner->resolver()));
  plan.scenario = "census-" + options.explore.window.name;
  const auto idle = idle_vcpu(guest.workloads, guest.cpus);
  for (const std::string& inject : options.explore.injections) {
    if (!idle) break;
    Rule rule;
    rule.name = inject;
    rule.action.injector = inject;
    rule.action.parameters.values["vcpu"] = static_cast<std::int64_t>(*idle);
    rule.action.parameters.values["action"] = options.explore.action;
    plan.rules.push_back(std::move(rule));
  }
  RS_ASSIGN(Census census, take_census(environment, options, plan, [&](const std::string& what) {
              if (!options.explore.quiet) status.show("census " + options.explore.window.name + ": " + what);
            }));
  census.harness = context.version;
  census.harness_build = build_id();
  census.made_at = rfc3339(std::time(nullptr));
  return census;
}

// Before the census is taken: nobody waits for it in vain.
Status open_output(const CommandContext& context, const CensusOptions& options,
                   std::optional<OutputDirectory>& output) {
  if (options.explore.output_dir.empty()) return {};
  RS_ASSIGN(OutputDirectory opened, OutputDirectory::at(options.explore.output_dir, note_to(context)));
  output.emplace(std::move(opened));
  return {};
}

Status write(std::optional<OutputDirectory>& output, const Census& census) {
  if (!output) return {};
  RS_TRY(output->write("census.txt", census_text(census)));
  RS_TRY(output->write("census.json", census_json(census)));
  return output->finish();
}

}  // namespace

int census_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<CensusWords>(context, arguments, [&](const CensusOptions& options) {
    const SteadyClock clock;
    const StopSignals signals;
    StatusLine status(context.err, context.err_is_terminal, clock, context.columns);
    std::optional<OutputDirectory> output;
    if (const Status opened = open_output(context, options, output); !opened.ok()) {
      return report_error(context, opened.error());
    }
    const Result<Census> census = take(context, options, signals, status);
    status.clear();
    if (!census.ok()) {
      const int code = report_error(context, census.error());
      return signals.signal() != 0 ? exit_by_signal(signals.signal()) : code;
    }
    context.out << (options.explore.format == OutputFormat::json ? census_json(*census) : census_text(*census))
                << std::flush;
    const Status written = write(output, *census);
    if (!written.ok()) return report_error(context, written.error());
    return exit_by_signal(signals.signal());
  });
}

}  // namespace remapstorm
