// SPDX-License-Identifier: Apache-2.0
#include "cli/command_campaign.h"

#include "results/exit_code.h"

namespace remapstorm {

CampaignContext CommandCampaign::campaign(const CommandContext& context, Executor& executor, Observer& observer) const {
  const std::atomic<bool>& stop = signals.stop();
  const RunInLab lab = [&context, &stop](const std::string& kind, const Arguments& arguments) {
    return run_in_lab(context.source_dir, kind, arguments, stop);
  };
  return {context, executor, lab, clock, stop, observer};
}

Guests::Options guests_for(const Overrides& overrides) {
  return {overrides.same, overrides.kernel, !overrides.cold_boot};
}

Guests::Options guests_for(const ExploreOptions& options) { return {options.same, options.kernel}; }

int stopped(const CommandContext& context, const StopSignals& signals, const std::string& what_is_left) {
  if (signals.signal() != 0) context.log.say(LogLevel::warn, "stopped by a signal; " + what_is_left);
  return exit_by_signal(signals.signal());
}

Status write_ktap(const OutputDirectory& output, const RunInfo& info, std::span<const ScenarioResults> results) {
  return output.write("results.ktap", results_ktap(info, results));
}

}  // namespace remapstorm
