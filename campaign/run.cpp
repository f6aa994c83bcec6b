// SPDX-License-Identifier: Apache-2.0
#include "campaign/run.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <map>
#include <sstream>

#include "plan/repeat.h"
#include "results/exit_code.h"
#include "results/run_json.h"
#include "results/trial_metrics.h"

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

Status RunCampaign::plan() {
  RS_TRY(context_.executor.open());
  std::optional<Error> first;
  for (const Scenario& scenario : scenarios_) {
    Result<Plan> plan = context_.executor.plan(scenario, options_.overrides);
    if (plan.ok()) {
      context_.observer.planned(*plan);
      jobs_.push_back({std::move(plan).value()});
      continue;
    }
    const Error& why = plan.error();
    if (why.kind == ErrorKind::usage || why.kind == ErrorKind::internal) return why;
    if (!first) first = why;
    jobs_.emplace_back().cannot = why;
  }
  const bool some = std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.cannot; });
  return some ? Status() : Status(*first);
}

Result<OutputDirectory> RunCampaign::make_output() const {
  return open_output(context_, options_.output_dir, label_of(scenarios_));
}

RunInfo RunCampaign::info(const std::string& directory) const {
  RunInfo info;
  info.host = context_.executor.host();
  const auto first = std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.cannot; });
  if (first != jobs_.end()) info.guest = first->plan.guest;
  info.version = context_.installation.version;
  info.started_at = rfc3339(context_.started);
  info.repeat = options_.repeat;
  info.one_trial = options_.trial.has_value();
  for (const Scenario& scenario : scenarios_) info.scenarios.push_back(scenario.name);
  info.interrupted = context_.stop;
  info.output_directory = directory;
  return info;
}

// For the lines that repeat a trial: the file may be another by then.
void RunCampaign::keep_scenario(Job& job, const Scenario& scenario, const OutputDirectory& output) {
  const std::string name = kept_scenario_name(job.plan);
  std::error_code error;
  // Not its parents: that would hide that they are gone.
  std::filesystem::create_directory(output.working_path() + "/" + job.plan.scenario, error);
  const bool kept = !error && output.write(name, scenario.text).ok();
  job.plan.kept_scenario = kept ? output.path() + "/" + name : "";  // a full disk is told by what writes next
}

std::string RunCampaign::progress_of(const Job& job, std::size_t number, std::uint64_t round) const {
  std::string text = job.plan.scenario;
  if (jobs_.size() > 1) text += " (" + std::to_string(number) + "/" + std::to_string(jobs_.size()) + ")";
  if (options_.repeat > 1) {
    text += ", trial " + std::to_string(options_.trial.value_or(round)) + " (" + std::to_string(round + 1) + " of " +
            std::to_string(options_.repeat) + ")";
  }
  return text;
}

ScenarioResults RunCampaign::run_job(Job& job, std::size_t number, OutputDirectory& output) {
  keep_scenario(job, scenarios_[number - 1], output);
  ScenarioResults results{job.plan.scenario, job.plan.summary, {}};
  Observer& observer = context_.observer;
  observer.began(job.plan);
  Watching watching = watched_by(observer);
  for (std::uint64_t round = 0; round < options_.repeat && !context_.stop; ++round) {
    watching.progress = [&](const char* phase, Nanoseconds since) {
      observer.progress(progress_of(job, number, round) + ": " + phase + ", " + seconds_text(since));
    };
    TrialResult result = run_into(context_.executor, job.plan, options_.trial.value_or(round), output, watching);
    if (options_.trial) result.attempt = round + 1;
    if (showed_nothing(result)) break;
    observer.ended(trial_labels(job.plan), result);
    results.trials.push_back(std::move(result));
  }
  if (!results.trials.empty()) observer.ended(results);
  return results;
}

std::vector<ScenarioResults> RunCampaign::run_all(OutputDirectory& output, NotRun not_run_ones) {
  std::vector<ScenarioResults> results;
  for (std::size_t i = 0; i < jobs_.size() && !context_.stop; ++i) {
    if (!jobs_[i].cannot) {
      ScenarioResults done = run_job(jobs_[i], i + 1, output);
      if (!done.trials.empty()) results.push_back(std::move(done));
    } else if (not_run_ones == NotRun::told) {
      results.push_back(not_run(scenarios_[i], *jobs_[i].cannot));
    }
  }
  return results;
}

ScenarioResults RunCampaign::not_run(const Scenario& scenario, const Error& why) {
  TrialResult result = did_not_run(scenario.name, options_.overrides, why);
  const HostInfo& here = context_.executor.host();
  result.strategy = options_.overrides.strategy.value_or(scenario.strategy);
  result.flavour = chosen_flavour(scenario, options_.overrides);
  result.expected =
      options_.overrides.expect.value_or(scenario.expectation_for(result.strategy, result.flavour, here.kind).verdict);
  const std::string host = here.kind.empty() ? "unknown" : here.kind;
  context_.observer.ended(TrialLabels{scenario.name, result.strategy, result.flavour, host}, result);
  ScenarioResults results{scenario.name, scenario.summary, {std::move(result)}};
  context_.observer.ended(results);
  return results;
}

std::vector<ScenarioResults> RunCampaign::not_run() {
  std::vector<ScenarioResults> results;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].cannot) results.push_back(not_run(scenarios_[i], *jobs_[i].cannot));
  }
  return results;
}

std::vector<ScenarioResults> RunCampaign::none_run(const Error& why) {
  std::vector<ScenarioResults> results;
  for (std::size_t i = 0; i < scenarios_.size(); ++i) {
    const bool own = i < jobs_.size() && jobs_[i].cannot;
    results.push_back(not_run(scenarios_[i], own ? *jobs_[i].cannot : why));
  }
  return results;
}

Status RunCampaign::write_output(const OutputDirectory& output, std::span<const ScenarioResults> results) const {
  const RunInfo info = this->info(output.path());
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
    if (::access((output.working_path() + "/" + folder).c_str(), F_OK) == 0) {
      RS_TRY(output.write(place, plan_file(job.plan, options_.repeat)));
    }
  }
  if (!commands.empty()) RS_TRY(output.write("reproduce", commands));
  RS_TRY(output.write("results.json", results_json(info, results)));
  return more_files_ ? more_files_(output, info, results) : Status();
}

}  // namespace remapstorm
