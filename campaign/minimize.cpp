// SPDX-License-Identifier: Apache-2.0
#include "campaign/minimize.h"

#include <map>
#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "injectors/catalogue.h"
#include "plan/repeat.h"
#include "plan/scenario_writer.h"
#include "results/folder_mark.h"

namespace remapstorm {
namespace {

constexpr int kMinimizeSchema = 1;
constexpr const char* kNoScenario = "cannot be planned";

std::string verdict_of(const std::string& outcome) { return outcome.substr(0, outcome.find(',')); }

// What the command line changed becomes part of the scenario, so that its file stands alone.
Scenario standing_alone(const Scenario& scenario, const Overrides& overrides) {
  Scenario own = scenario;
  own.shipped = false;
  own.text.clear();
  own.strategy = overrides.strategy.value_or(scenario.strategy);
  own.strategies = {own.strategy};
  own.flavours = {chosen_flavour(scenario, overrides)};
  own.cpus = overrides.cpus.value_or(scenario.cpus);
  own.memory = overrides.memory.value_or(scenario.memory);
  if (overrides.timeout) own.limits.timeout = *overrides.timeout;
  if (!overrides.append.empty()) own.append += (own.append.empty() ? "" : " ") + overrides.append;
  own.expectation = {};
  own.other_expectations.clear();
  return own;
}

// What is left for the command line.
Overrides rest_of(const Overrides& overrides) {
  Overrides rest;
  rest.seed = overrides.seed;
  rest.kernel = overrides.kernel;
  return rest;
}

}  // namespace

Result<Plan> MinimizeCampaign::plan_for(const Scenario& scenario) const {
  return context_.executor.plan(scenario, rest_of(options_.run.overrides));
}

Status MinimizeCampaign::prepare(const Scenario& scenario) {
  RS_TRY(context_.executor.open());
  // Mistakes are told in the words of the scenario as it was given.
  RS_TRY(context_.executor.plan(scenario, options_.run.overrides));
  start_ = standing_alone(scenario, options_.run.overrides);
  RS_ASSIGN(OutputDirectory output, open_output(context_, options_.run.output_dir, "minimize-" + scenario.name));
  output_.emplace(std::move(output));
  return {};
}

// Only the tries of the newest candidate stay: at the end, those of the confirmation.
void MinimizeCampaign::forget_recordings() const { (void)remove_below(output_->working_path(), start_.name); }

Result<std::optional<std::string>> MinimizeCampaign::try_once(const Scenario& scenario, std::uint64_t attempt) {
  if (attempt == 0) forget_recordings();
  if (context_.stop) return std::optional<std::string>();
  const Result<Plan> plan = plan_for(scenario);
  if (!plan.ok()) return std::optional<std::string>(kNoScenario);
  Watching watching = watched_by(context_.observer);
  watching.progress = [&](const char* phase, Nanoseconds) {
    context_.observer.progress("minimize " + scenario.name + ": trial " + std::to_string(trials_ + 1) + " " + phase +
                               ", " + plural(scenario.rules.size(), "rule"));
  };
  const TrialResult result = run_into(context_.executor, *plan, options_.run.trial.value_or(0), *output_, watching);
  if (result.interrupted || context_.stop) return std::optional<std::string>();
  if (result.error && result.error->kind != ErrorKind::usage) return *result.error;
  ++trials_;
  return std::optional<std::string>(outcome_of(result));
}

Result<bool> MinimizeCampaign::find_outcome() {
  std::map<std::string, std::uint64_t> seen;
  std::optional<std::string> wanted;
  for (std::uint64_t attempt = 0; attempt < options_.tries; ++attempt) {
    RS_ASSIGN(const std::optional<std::string> outcome, try_once(start_, attempt));
    if (!outcome) return false;
    ++seen[*outcome];
    context_.observer.step("  as given, try " + std::to_string(attempt + 1) + ": " + *outcome);
    if (!wanted && !options_.verdict) wanted = outcome;
    if (options_.verdict && verdict_of(*outcome) == verdict_name(*options_.verdict) &&
        (!wanted || seen[*outcome] > seen[*wanted])) {
      wanted = outcome;
    }
  }
  const auto nothing = [](const std::string& why) { return usage_error("nothing to minimize: " + why); };
  if (!wanted) return nothing("no try came to " + std::string(verdict_name(*options_.verdict)));
  const std::string verdict = verdict_of(*wanted);
  if (verdict == "clean" || verdict == "error" || !verdict_from_name(verdict)) {
    return nothing("the first try came to " + *wanted);
  }
  if (seen[*wanted] < options_.needed) {
    Error error =
        nothing(*wanted + ": repeated only " + std::to_string(seen[*wanted]) + " of " + std::to_string(options_.tries) +
                ", and " + std::to_string(options_.needed) + " are asked for");
    error.hint = "ask for less with --at-least, or try more often with --repeat";
    return error;
  }
  outcome_ = *wanted;
  return true;
}

void MinimizeCampaign::tell(const MinimizeStep& step) const {
  context_.observer.step(std::string("  ") + (step.counts ? "smaller  " : "needed   ") + step.change + ": " +
                         std::to_string(step.seen) + " of " + std::to_string(step.tried));
}

std::string MinimizeCampaign::repeat_line() const {
  Scenario saved = minimized_->scenario;
  saved.file = file();
  saved.text = text_;
  const Result<Plan> plan = plan_for(saved);
  if (!plan.ok()) return {};
  const std::uint64_t trial = options_.run.trial.value_or(0);
  return repeat_command(*plan, trial) + (trial == 0 ? " --trial 0" : "") + " --repeat " +
         std::to_string(options_.tries);
}

std::string MinimizeCampaign::json() const {
  const Minimized& minimized = *minimized_;
  nlohmann::ordered_json json = {
      {"schema", kMinimizeSchema},
      {"scenario", start_.name},
      {"outcome", outcome_},
      {"tries", options_.tries},
      {"needed", options_.needed},
      {"complete", minimized.complete},
      {"repeated", minimized.repeated},
      {"confirmed_with", minimized.confirmed_with},
      {"trials", trials_},
      {"rules", {{"before", start_.rules.size()}, {"after", minimized.scenario.rules.size()}}},
      {"repeat", repeat_line()}};
  json["steps"] = nlohmann::ordered_json::array();
  for (const MinimizeStep& step : minimized.steps) {
    json["steps"].push_back(
        {{"change", step.change}, {"seen", step.seen}, {"tried", step.tried}, {"smaller", step.counts}});
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Status MinimizeCampaign::write_output() {
  const Minimized& minimized = *minimized_;
  std::string comment = "Made by remapstorm minimize from " + start_.file + ".\nOutcome: " + outcome_ + "\n";
  if (minimized.confirmed_with != 0) {
    comment +=
        "Repeated " + std::to_string(minimized.repeated) + " of " + std::to_string(minimized.confirmed_with) + ".\n";
  }
  if (!minimized.complete) comment += "The search was stopped before its end: there may be a smaller one.\n";
  // The line names the file's sha256, so it cannot be in the file itself.
  text_ = scenario_toml(minimized.scenario, comment + "Repeat it: by the line in the file reproduce beside this one.");
  RS_TRY(output_->write("minimal.toml", text_));
  RS_TRY(output_->write("reproduce", repeat_line() + "\n"));
  RS_TRY(output_->write("minimize.json", json()));
  return output_->finish();
}

Status MinimizeCampaign::run() {
  start_.expectation.verdict = *verdict_from_name(verdict());
  const MinimizeOptions options{outcome_, options_.tries, options_.needed};
  minimized_ = minimize(
      start_, make_vocabulary(injector_catalogue()), options,
      [this](const Scenario& candidate, std::uint64_t attempt) { return try_once(candidate, attempt); },
      [this](const MinimizeStep& step) { tell(step); });
  return write_output();
}

}  // namespace remapstorm
