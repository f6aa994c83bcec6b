// SPDX-License-Identifier: Apache-2.0
#include "cli/command_campaign.h"

#include "report/report.h"
#include "results/exit_code.h"

namespace remapstorm {

CampaignContext CommandCampaign::campaign() {
  const std::atomic<bool>& stop = signals.stop();
  const RunInLab lab = [this, &stop](const std::string& kind, const Arguments& arguments) {
    return run_in_lab(context.source_dir, kind, arguments, stop);
  };
  return {context, guests, lab, clock, stop, observer};
}

int CommandCampaign::exit_code_of_all(std::initializer_list<const Status*> steps) const {
  int code = kExitOk;
  for (const Status* step : steps) {
    if (!step->ok()) code = worse_of(code, report_error(context, step->error()));
  }
  return code;
}

int CommandCampaign::stopped(const std::string& what_is_left) const {
  if (signals.signal() != 0) context.log.say(LogLevel::warn, "stopped by a signal; " + what_is_left);
  return exit_by_signal(signals.signal());
}

Guests::Options guests_for(const Overrides& overrides) {
  return {overrides.same, overrides.kernel, !overrides.cold_boot};
}

Guests::Options guests_for(const ExploreOptions& options) { return {options.same, options.kernel}; }

Status write_ktap(const OutputDirectory& output, const RunInfo& info, std::span<const ScenarioResults> results) {
  return output.write("results.ktap", results_ktap(info, results));
}

}  // namespace remapstorm
