// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/census_campaign.h"

#include "base/build_id.h"
#include "campaign/explore/explorer.h"

namespace remapstorm {
namespace {

// Each injection that was asked for, on a vCPU that has nothing to do.
void add_injections(Plan& plan, const ExploreOptions& options, const std::vector<Workload>& workloads) {
  const auto idle = idle_vcpu(workloads, options.cpus);
  for (const std::string& inject : options.injections) {
    if (!idle) return;
    Rule rule;
    rule.name = inject;
    rule.action.injector = inject;
    rule.action.parameters.values["vcpu"] = static_cast<std::int64_t>(*idle);
    rule.action.parameters.values["action"] = options.action;
    plan.rules.push_back(std::move(rule));
  }
}

}  // namespace

Result<Census> run_census(const CampaignContext& context, Guests& guests, const CensusOptions& options) {
  RS_TRY(context.executor.open());
  RS_TRY(context.executor.image(options.explore.flavour));
  RS_ASSIGN(Runner * runner, guests.runner(0, options.explore.flavour));
  Window window = options.explore.window;
  const TrialEnvironment environment = runner->environment();
  RS_TRY(resolve_window(window, environment.symbols));
  ExploreOptions guest = options.explore;
  if (guest.workloads.empty()) guest.workloads = census_workloads(options);
  RS_ASSIGN(Plan plan, explore_plan(guest, runner->guest(), guests.host(), runner->resolver()));
  plan.scenario = "census-" + window.name;
  add_injections(plan, options.explore, guest.workloads);
  RS_ASSIGN(Census census, take_census(environment, options, plan, [&](const std::string& what) {
              context.observer.progress("census " + window.name + ": " + what);
            }));
  census.harness = context.installation.version;
  census.harness_build = build_id();
  census.made_at = rfc3339(context.started);
  return census;
}

}  // namespace remapstorm
