// SPDX-License-Identifier: Apache-2.0
#include "cli/command_campaign.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/names.h"
#include "report/report.h"
#include "results/exit_code.h"

namespace remapstorm {

// Where one session begins in a log that several have written.
void CommandCampaign::tell_program() const {
  context.log.say(LogLevel::debug,
                  fmt::format("remapstorm {}, build {}, process {}", context.version, build_id(), ::getpid()));
}

CampaignContext CommandCampaign::campaign() {
  const std::atomic<bool>& stop = signals.stop();
  // Its standard error is ours, so that what is to be seen of ours is to be seen of its.
  const RunInLab lab = [this, &stop](const std::string& kind, Arguments arguments) {
    const LogLevel level = context.log.shown_from();
    if (level != LogLevel::info) arguments.insert(arguments.end(), {"--log-level", log_level_name(level)});
    context.log.say(LogLevel::debug, "on the lab " + kind + ": " + join(arguments, " "));
    Result<int> code = run_in_lab(context.source_dir, kind,
                                  context.environment(lab_program_variable(kind)).value_or(""), arguments, stop);
    if (code.ok()) context.log.say(LogLevel::debug, fmt::format("the lab {} ended with exit code {}", kind, *code));
    return code;
  };
  return {context, executor, lab, clock, stop, observer};
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
