// SPDX-License-Identifier: Apache-2.0
#include "cli/run_session.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "base/printable.h"
#include "cli/report_choice.h"
#include "cli/report_files.h"
#include "cli/scenario_files.h"
#include "plan/repeat.h"
#include "report/html/html_report.h"
#include "results/exit_code.h"
#include "results/folder_mark.h"
#include "results/run_json.h"
#include "trial/guest_image.h"

namespace remapstorm {
namespace {

std::string seconds_text(Nanoseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << in_seconds(time) << " s";
  return text.str();
}

// "irq-same-cpu", "irq-same-cpu-and-2-more": part of the name of the output folder.
std::string label_of(const std::vector<Scenario>& scenarios) {
  std::string label = scenarios.front().name;
  if (scenarios.size() > 1) label += "-and-" + std::to_string(scenarios.size() - 1) + "-more";
  return label;
}

}  // namespace

Result<Runner*> RunSession::runner_for(const std::string& flavour) {
  auto found = runners_.find(flavour);
  if (found == runners_.end()) {
    RS_ASSIGN(const Paths paths, find_paths(context_.environment, context_.home));
    RS_ASSIGN(const GuestImageInfo image, find_guest_image(paths, context_.environment, flavour,
                                                           wanted_of_image(options_.overrides.same, options_.kernel)));
    RS_ASSIGN(auto runner, Runner::create(*kvm_, image, options_.kernel, host_, clock_, signals_.stop(),
                                          options_.cold_boot ? "" : paths.cache + "/snapshots"));
    images_.emplace(flavour, runner->guest());
    found = runners_.emplace(flavour, std::move(runner)).first;
  }
  return found->second.get();
}

Status RunSession::prepare(bool endpoint_needed) {
  RS_TRY(check_places(options_.files));
  RS_TRY(metrics_.start(endpoint_needed));
  RS_ASSIGN(Kvm kvm, Kvm::open());
  RS_TRY(kvm.check_required());
  kvm_.emplace(std::move(kvm));
  RS_ASSIGN(host_, describe_host(*kvm_, clock_, context_.environment));
  std::optional<Error> first;
  for (const Scenario& scenario : scenarios_) {
    Result<Job> job = make_job(scenario);
    if (job.ok()) {
      metrics_.planned(job->plan);
      jobs_.push_back(std::move(job).value());
      continue;
    }
    const Error& why = job.error();
    if (why.kind == ErrorKind::usage || why.kind == ErrorKind::internal) return why;
    if (!first) first = why;
    jobs_.emplace_back().cannot = why;
  }
  const bool some = std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.cannot; });
  return some ? Status() : Status(*first);
}

Result<RunSession::Job> RunSession::make_job(const Scenario& scenario) {
  const std::string flavour = chosen_flavour(scenario, options_.overrides);
  RS_ASSIGN(Runner * runner, runner_for(flavour));
  RS_ASSIGN(Plan plan, make_plan(scenario, options_.overrides, images_.at(flavour), host_, runner->resolver()));
  return Job{std::move(plan), runner, std::nullopt};
}

Result<OutputDirectory> RunSession::make_output() const {
  if (!options_.output_dir.empty()) return OutputDirectory::at(options_.output_dir, note_to(context_));
  RS_ASSIGN(const Paths paths, find_paths(context_.environment, context_.home));
  return OutputDirectory::below_state(paths.state, time_stamp(started_), label_of(scenarios_), note_to(context_));
}

RunInfo RunSession::run_info(const std::string& directory) const {
  RunInfo info;
  info.host = host_;
  const auto first = std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.cannot; });
  if (first != jobs_.end()) info.guest = first->plan.guest;
  info.version = context_.version;
  info.started_at = rfc3339(started_);
  info.repeat = options_.repeat;
  info.one_trial = options_.trial.has_value();
  for (const Scenario& scenario : scenarios_) info.scenarios.push_back(scenario.name);
  info.interrupted = signals_.signal() != 0;
  info.output_directory = directory;
  return info;
}

// For the lines that repeat a trial: the file may be another by then.
void RunSession::keep_scenario(Job& job, const Scenario& scenario, const OutputDirectory& output) {
  const std::string name = kept_scenario_name(job.plan);
  std::error_code error;
  // Not its parents: that would hide that they are gone.
  std::filesystem::create_directory(output.working_path() + "/" + job.plan.scenario, error);
  const bool kept = !error && output.write(name, scenario.text).ok();
  job.plan.kept_scenario = kept ? output.path() + "/" + name : "";  // a full disk is told by what writes next
}

ScenarioResults RunSession::run_job(Job& job, std::size_t number, OutputDirectory& output, Report& report) {
  keep_scenario(job, scenarios_[number - 1], output);
  ScenarioResults results{job.plan.scenario, job.plan.summary, {}};
  report.scenario_begins(job.plan);
  context_.out.flush();
  // The console comes from vCPU threads, the status from this one.
  std::mutex err_mutex;
  StatusLine status(context_.err, context_.err_is_terminal && !options_.verbose, clock_, context_.columns);
  Runner::Watching watching;
  if (options_.verbose) {
    watching.console = [&](const std::string& line) {
      const std::lock_guard lock(err_mutex);
      context_.err << printable(line) << '\n';
    };
  }
  watching.note = [&](const std::string& line) {
    const std::lock_guard lock(err_mutex);
    status.clear();
    context_.err << "remapstorm: " << printable_lines(line) << '\n';
  };
  watching.metrics = metrics_.metrics();
  for (std::uint64_t round = 0; round < options_.repeat && !signals_.stop(); ++round) {
    watching.progress = [&](const char* phase, Nanoseconds since) {
      {
        const std::lock_guard lock(err_mutex);
        metrics_.say(&status);
      }
      if (options_.quiet) return;
      std::string text = job.plan.scenario;
      if (jobs_.size() > 1) text += " (" + std::to_string(number) + "/" + std::to_string(jobs_.size()) + ")";
      if (options_.repeat > 1) {
        text += ", trial " + std::to_string(options_.trial.value_or(round)) + " (" + std::to_string(round + 1) +
                " of " + std::to_string(options_.repeat) + ")";
      }
      const std::lock_guard lock(err_mutex);
      status.show(text + ": " + phase + ", " + seconds_text(since));
    };
    TrialResult result = job.runner->run(job.plan, options_.trial.value_or(round), output, watching);
    if (options_.trial) result.attempt = round + 1;
    const std::lock_guard lock(err_mutex);
    status.clear();
    // A trial that was interrupted before it showed anything is no result.
    if (result.interrupted && (!result.verdict || *result.verdict == Verdict::error)) break;
    metrics_.ended(trial_labels(job.plan), result);
    report.trial_ended(result);
    context_.out.flush();
    results.trials.push_back(std::move(result));
  }
  if (!results.trials.empty()) report.scenario_ended(results);
  context_.out.flush();
  return results;
}

Status RunSession::write_output(OutputDirectory& output, std::span<const ScenarioResults> results) const {
  const RunInfo info = run_info(output.path());
  std::string commands;
  std::map<std::string, unsigned> named;  // of this run: two files may have scenarios of one name
  for (const Job& job : jobs_) {
    if (job.cannot) continue;
    commands +=
        options_.trial ? repeat_command(job.plan, *options_.trial) : repeat_command_of_all(job.plan, options_.repeat);
    commands += "\n";
    const std::string folder = job.plan.scenario + "/" + job.plan.strategy;
    const unsigned number = ++named[folder];
    const std::string place = folder + "/plan" + (number == 1 ? "" : "-again-" + std::to_string(number)) + ".json";
    // The folder is there once the scenario's first trial began.
    if (::access((output.working_path() + "/" + job.plan.scenario + "/" + job.plan.strategy).c_str(), F_OK) == 0) {
      RS_TRY(output.write(place, plan_file(job.plan, options_.repeat)));
    }
  }
  if (!commands.empty()) RS_TRY(output.write("reproduce", commands));
  RS_TRY(output.write("results.json", results_json(info, results)));
  return output.write("results.ktap", results_ktap(info, results));
}

std::string RunSession::write_html(const OutputDirectory& output) const {
  if (options_.no_report) return {};
  const std::string into = output.working_path() + "/report";
  HtmlReportOptions options;
  options.name = std::filesystem::path(output.path()).filename().string();
  const Status made = write_run_report(output.working_path(), into, options);
  // With a mark of its own, so that `report` may make it again.
  if (made.ok() && mark_folder(into, files_below(into)).ok()) return output.path() + "/report/index.html";
  // Results do not depend on it, and half a report is none.
  (void)remove_below(output.working_path(), "report");
  context_.err << "remapstorm: no report was made: "
               << (made.ok() ? "its folder cannot be marked" : made.error().message) << '\n';
  return {};
}

ScenarioResults RunSession::not_run(const Scenario& scenario, const Error& why) {
  TrialResult result = did_not_run(scenario.name, options_.overrides, why);
  result.strategy = options_.overrides.strategy.value_or(scenario.strategy);
  result.flavour = chosen_flavour(scenario, options_.overrides);
  result.expected =
      options_.overrides.expect.value_or(scenario.expectation_for(result.strategy, result.flavour, host_.kind).verdict);
  const std::string host = host_.kind.empty() ? "unknown" : host_.kind;
  metrics_.ended(TrialLabels{scenario.name, result.strategy, result.flavour, host}, result);
  return {scenario.name, scenario.summary, {std::move(result)}};
}

std::vector<ScenarioResults> RunSession::not_run() {
  std::vector<ScenarioResults> results;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].cannot) results.push_back(not_run(scenarios_[i], *jobs_[i].cannot));
  }
  return results;
}

void RunSession::tell(Report& report, const ScenarioResults& results) {
  for (const TrialResult& trial : results.trials) report.trial_ended(trial);
  report.scenario_ended(results);
}

std::vector<ScenarioResults> RunSession::run_all(OutputDirectory& output, Report& report, NotRun not_run_ones) {
  std::vector<ScenarioResults> results;
  for (std::size_t i = 0; i < jobs_.size() && !signals_.stop(); ++i) {
    if (!jobs_[i].cannot) {
      ScenarioResults done = run_job(jobs_[i], i + 1, output, report);
      if (!done.trials.empty()) results.push_back(std::move(done));
    } else if (not_run_ones == NotRun::told) {
      results.push_back(not_run(scenarios_[i], *jobs_[i].cannot));
      tell(report, results.back());
      context_.out.flush();
    }
  }
  return results;
}

int RunSession::write_files(const RunInfo& info, std::span<const ScenarioResults> results) const {
  return write_report_files(
      context_, options_.files, [&] { return results_junit(info, results); },
      [&] { return results_json(info, results); });
}

int RunSession::execute() {
  Result<OutputDirectory> output = make_output();
  if (!output.ok()) return report_error(context_, output.error());
  for (const RescuedRun& run : output->rescued()) context_.err << "remapstorm: " << describe(run) << '\n';
  const std::unique_ptr<Report> report = make_report(context_, options_.format, options_.quiet, options_.verbose);
  RunInfo info = run_info(output->path());
  report->run_begins(info, jobs_.size());
  const std::vector<ScenarioResults> results = run_all(*output, *report, NotRun::told);
  info.interrupted = signals_.signal() != 0;
  Status written = write_output(*output, results);
  if (written.ok() && !results.empty()) info.html_report = write_html(*output);
  written = written.ok() ? output->finish() : Status(output->give_up(written.error()));
  if (!written.ok()) {
    info.output_directory.clear();
    info.html_report.clear();
  }
  report->run_ended(info, results);
  context_.out.flush();
  metrics_.finish();
  int code = worse_of(exit_by_signal(signals_.signal()), write_files(info, results));
  if (!written.ok()) code = worse_of(code, report_error(context_, written.error()));
  if (written.ok() && signals_.signal() != 0) {
    context_.err << "remapstorm: stopped by a signal; results so far are in " << output->path() << '\n';
  }
  // Nothing ran, and why was said.
  if (results.empty() && code != kExitOk) return code;
  return worse_of(code, exit_code(results));
}

int RunSession::report_not_run(const Error& error) {
  std::vector<ScenarioResults> results;
  std::set<std::string> told;
  for (std::size_t i = 0; i < scenarios_.size(); ++i) {
    const Error& why = i < jobs_.size() && jobs_[i].cannot ? *jobs_[i].cannot : error;
    if (told.insert(why.message).second) report_error(context_, why);
    results.push_back(not_run(scenarios_[i], why));
  }
  metrics_.finish();
  const int code = worse_of(exit_code(results), write_files(run_info(""), results));
  if (options_.format == OutputFormat::pretty && options_.output_dir.empty()) return code;
  std::string directory;
  if (!options_.output_dir.empty()) {
    Result<OutputDirectory> output = make_output();
    if (!output.ok()) return worse_of(code, report_error(context_, output.error()));
    directory = output->path();
    Status written = write_output(*output, results);
    written = written.ok() ? output->finish() : Status(output->give_up(written.error()));
    if (!written.ok()) return worse_of(code, report_error(context_, written.error()));
  }
  if (options_.format == OutputFormat::pretty) return code;
  const std::unique_ptr<Report> report = make_report(context_, options_.format, options_.quiet, options_.verbose);
  const RunInfo info = run_info(directory);
  report->run_begins(info, results.size());
  for (const ScenarioResults& scenario : results) tell(*report, scenario);
  report->run_ended(info, results);
  return code;
}

}  // namespace remapstorm
