// SPDX-License-Identifier: Apache-2.0
// run: from the words a person typed to trials and an exit code.
#include <filesystem>
#include <set>

#include "base/names.h"
#include "cli/command_campaign.h"
#include "cli/dry_run.h"
#include "cli/report_choice.h"
#include "cli/run_options.h"
#include "cli/scenario_files.h"
#include "cli/words.h"
#include "report/html/html_report.h"
#include "results/folder_mark.h"
#include "results/run_json.h"

namespace remapstorm {
namespace {

class RunCommand {
 public:
  RunCommand(const CommandContext& context, const RunRequest& request, std::vector<Scenario> scenarios)
      : context_(context),
        request_(request),
        here_(context, volume_of(request), guests_for(request.overrides), request.metrics),
        campaign_(here_.campaign(), request, std::move(scenarios), write_ktap) {}

  int run() {
    Status prepared = check_places(request_.files);
    if (prepared.ok()) prepared = here_.metrics.start(SessionMetrics::Listening::wanted);
    if (prepared.ok()) prepared = campaign_.plan();
    if (prepared.ok()) return run_trials();
    if (prepared.error().kind == ErrorKind::usage) return report_error(context_, prepared.error());
    return report_not_run(prepared.error());
  }

 private:
  [[nodiscard]] std::unique_ptr<Report> report() const {
    return make_report(context_, request_.format, volume_of(request_));
  }

  int run_trials() {
    Result<OutputDirectory> output = campaign_.make_output();
    if (!output.ok()) return report_error(context_, output.error());
    for (const RescuedRun& run : output->rescued()) context_.log.say(LogLevel::warn, describe(run));
    const std::unique_ptr<Report> report = this->report();
    report->run_begins(campaign_.info(output->path()), campaign_.scenarios());
    here_.observer.report_to(report.get());
    const std::vector<ScenarioResults> results = campaign_.run_all(*output, RunCampaign::NotRun::told);
    context_.log.clear_status();
    Status written = campaign_.write_output(*output, results);
    std::string html;
    if (written.ok() && !results.empty()) html = write_html(*output);
    written = written.ok() ? output->finish() : Status(output->give_up(written.error()));
    RunInfo info = campaign_.info(written.ok() ? output->path() : "");
    if (written.ok()) info.html_report = html;
    report->run_ended(info, results);
    context_.out.flush();
    here_.metrics.finish();
    const int signal = here_.signals.signal();
    int code = worse_of(exit_by_signal(signal), write_files(info, results));
    if (!written.ok()) code = worse_of(code, report_error(context_, written.error()));
    if (written.ok() && signal != 0) {
      context_.log.say(LogLevel::warn, "stopped by a signal; results so far are in " + output->path());
    }
    // Nothing ran, and why was said.
    if (results.empty() && code != kExitOk) return code;
    return worse_of(code, exit_code(results));
  }

  // The machine cannot run any: every scenario is reported as not run.
  int report_not_run(const Error& error) {
    const std::vector<ScenarioResults> results = campaign_.none_run(error);
    std::set<std::string> told;
    for (const ScenarioResults& scenario : results) {
      const Error& why = *scenario.trials.front().error;
      if (told.insert(why.message).second) report_error(context_, why);
    }
    here_.metrics.finish();
    const int code = worse_of(exit_code(results), write_files(campaign_.info(""), results));
    std::string directory;
    if (!request_.output_dir.empty()) {
      Result<OutputDirectory> output = campaign_.make_output();
      if (!output.ok()) return worse_of(code, report_error(context_, output.error()));
      directory = output->path();
      Status written = campaign_.write_output(*output, results);
      written = written.ok() ? output->finish() : Status(output->give_up(written.error()));
      if (!written.ok()) return worse_of(code, report_error(context_, written.error()));
    }
    if (request_.format == OutputFormat::pretty) return code;
    const std::unique_ptr<Report> report = this->report();
    const RunInfo info = campaign_.info(directory);
    report->run_begins(info, results.size());
    for (const ScenarioResults& scenario : results) {
      for (const TrialResult& trial : scenario.trials) report->trial_ended(trial);
      report->scenario_ended(scenario);
    }
    report->run_ended(info, results);
    return code;
  }

  // Makes report/ beside the results, after these. Where its index.html will be; empty: none, as was said.
  std::string write_html(const OutputDirectory& output) const {
    if (request_.no_report) return {};
    const std::string into = output.working_path() + "/report";
    HtmlReportOptions options;
    options.name = std::filesystem::path(output.path()).filename().string();
    const Status made = write_run_report(output.working_path(), into, options);
    // With a mark of its own, so that `report` may make it again.
    if (made.ok() && mark_folder(into, files_below(into)).ok()) return output.path() + "/report/index.html";
    // Results do not depend on it, and half a report is none.
    (void)remove_below(output.working_path(), "report");
    context_.log.say(LogLevel::warn,
                     "no report was made: " + (made.ok() ? "its folder cannot be marked" : made.error().message));
    return {};
  }

  int write_files(const RunInfo& info, std::span<const ScenarioResults> results) const {
    return write_report_files(
        context_, request_.files, [&] { return results_junit(info, results); },
        [&] { return results_json(info, results); });
  }

  const CommandContext& context_;
  const RunRequest& request_;
  CommandCampaign here_;
  RunCampaign campaign_;
};

// `./run docter` is more likely a command than a scenario.
Error with_near_command(const CommandContext& context, const RunRequest& request, Error error) {
  const std::string& typed = request.scenarios.front();
  const Result<ScenarioCatalogue> catalogue = chosen_catalogue(context, request.scenario_dir);
  if (!catalogue.ok() || !is_unknown_name(*catalogue, typed)) return error;
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
  return with_words<RunWords>(context, arguments, [&](const RunRequest& request) {
    Result<std::vector<Scenario>> scenarios = open_scenarios(context, request.scenario_dir, request.scenarios);
    if (!scenarios.ok()) return report_error(context, with_near_command(context, request, scenarios.error()));
    std::vector<Scenario> here = on_this_architecture(*scenarios);
    if (request.dry_run) return dry_run(context, request, here);
    return RunCommand(context, request, std::move(here)).run();
  });
}

}  // namespace remapstorm
