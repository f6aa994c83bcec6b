// SPDX-License-Identifier: Apache-2.0
// serve: scenarios round after round.
#include "cli/command_campaign.h"
#include "cli/scenario_files.h"
#include "cli/serve_options.h"
#include "cli/words.h"
#include "report/served.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kSayEvery = std::chrono::seconds(10);

class ServeCommand {
 public:
  ServeCommand(const CommandContext& context, const ServeRequest& request, std::vector<Scenario> scenarios)
      : context_(context),
        request_(request),
        here_(context, volume_of(request.run), guests_for(request.run.overrides), request.run.metrics),
        campaign_(here_.campaign(), request.options, std::move(scenarios), write_ktap,
                  [this](const ServedRound& round) { say(round); }) {}

  Status prepare() {
    RS_TRY(check_places(request_.run.files));
    RS_TRY(here_.metrics.start(SessionMetrics::Listening::required));
    return campaign_.prepare();
  }

  int execute() {
    const Served served = campaign_.run();
    context_.log.clear_status();
    context_.out << served_text(served, campaign_.rounds_kept(), campaign_.directory()) << std::flush;
    here_.metrics.finish();
    Served told = served;
    if (served.trials == 0) {
      told.exit_code = worse_of(told.exit_code, exit_by_signal(here_.signals.signal()));
      if (told.exit_code == kExitOk) told.exit_code = exit_code(std::span<const ScenarioResults>());
    }
    return worse_of(told.exit_code, write_report_files(
                                        context_, request_.run.files, [&] { return served_junit(told); },
                                        [&] { return served_json(told); }));
  }

 private:
  // Each that was not as expected; of the others one now and then.
  void say(const ServedRound& round) {
    here_.metrics.say();
    const bool first = !said_;
    if (round.outcome.empty() && (request_.run.quiet || (!first && round.since_begin - *said_ < kSayEvery))) return;
    said_ = round.since_begin;
    context_.log.clear_status();
    context_.out << hours_text(round.since_begin) << " round " << round.number << ": " << summary_line(round.results);
    if (!round.outcome.empty()) context_.out << ": " << round.outcome << "\n  in " << round.folder;
    context_.out << std::endl;
  }

  const CommandContext& context_;
  const ServeRequest& request_;
  CommandCampaign here_;
  ServeCampaign campaign_;
  std::optional<Nanoseconds> said_;  // when a round was told last, since the begin
};

}  // namespace

int serve_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<ServeWords>(context, arguments, [&](const ServeRequest& request) {
    Result<std::vector<Scenario>> scenarios = open_scenarios(context, request.run.scenario_dir, request.run.scenarios);
    if (!scenarios.ok()) return report_error(context, scenarios.error());
    std::vector<Scenario> here = on_this_architecture(*scenarios);
    if (request.run.scenarios.empty()) {
      std::erase_if(here, [](const Scenario& one) { return !one.is_made_for(arch_of(kHostIsa).guest); });
    }
    return run_session(context, ServeCommand(context, request, std::move(here)));
  });
}

}  // namespace remapstorm
