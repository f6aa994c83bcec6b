// SPDX-License-Identifier: Apache-2.0
#include "cli/minimize_session.h"

#include <ctime>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "cli/report_files.h"
#include "cli/scenario_files.h"
#include "plan/repeat.h"
#include "plan/scenario_writer.h"
#include "report/junit.h"
#include "results/exit_code.h"
#include "results/folder_mark.h"
#include "trial/guest_image.h"

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

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

Result<Plan> MinimizeSession::plan_for(const Scenario& scenario) const {
  return make_plan(scenario, rest_of(request_.run.overrides), image_, host_, runner_->resolver());
}

Status MinimizeSession::prepare(const Scenario& scenario) {
  RS_TRY(check_places(request_.run.files));
  RS_ASSIGN(Kvm kvm, Kvm::open());
  RS_TRY(kvm.check_required());
  kvm_.emplace(std::move(kvm));
  RS_ASSIGN(host_, describe_host(*kvm_, clock_, context_.environment));
  RS_ASSIGN(const Paths paths, find_paths(context_.environment, context_.home));
  const Overrides& overrides = request_.run.overrides;
  RS_ASSIGN(const GuestImageInfo image,
            find_guest_image(paths, context_.environment, chosen_flavour(scenario, overrides),
                             wanted_of_image(overrides.same, request_.run.kernel)));
  RS_ASSIGN(runner_, Runner::create(*kvm_, image, request_.run.kernel, host_, clock_, signals_.stop(),
                                    paths.cache + "/snapshots"));
  image_ = runner_->guest();
  // Mistakes are told in the words of the scenario as it was given.
  RS_TRY(make_plan(scenario, overrides, image_, host_, runner_->resolver()));
  start_ = standing_alone(scenario, overrides);
  if (request_.run.output_dir.empty()) {
    RS_ASSIGN(OutputDirectory output, OutputDirectory::below_state(paths.state, time_stamp(std::time(nullptr)),
                                                                   "minimize-" + scenario.name, note_to(context_)));
    output_.emplace(std::move(output));
  } else {
    RS_ASSIGN(OutputDirectory output, OutputDirectory::at(request_.run.output_dir, note_to(context_)));
    output_.emplace(std::move(output));
  }
  return {};
}

// Only the tries of the newest candidate stay: at the end, those of the confirmation.
void MinimizeSession::forget_recordings() const { (void)remove_below(output_->working_path(), start_.name); }

Result<std::optional<std::string>> MinimizeSession::try_once(const Scenario& scenario, std::uint64_t attempt) {
  if (attempt == 0) forget_recordings();
  if (signals_.stop()) return std::optional<std::string>();
  const Result<Plan> plan = plan_for(scenario);
  if (!plan.ok()) return std::optional<std::string>(kNoScenario);
  Runner::Watching watching;
  watching.progress = [&](const char* phase, Nanoseconds) {
    if (request_.run.quiet) return;
    status_->show("minimize " + scenario.name + ": trial " + std::to_string(trials_ + 1) + " " + phase + ", " +
                  counted(scenario.rules.size(), "rule"));
  };
  if (request_.run.verbose) {
    watching.console = [this](const std::string& line) { context_.err << printable(line) << '\n'; };
  }
  const TrialResult result = runner_->run(*plan, request_.run.trial.value_or(0), *output_, watching);
  if (result.interrupted || signals_.stop()) return std::optional<std::string>();
  if (result.error && result.error->kind != ErrorKind::usage) return *result.error;
  ++trials_;
  return std::optional<std::string>(outcome_of(result));
}

Result<std::optional<std::string>> MinimizeSession::find_outcome() {
  std::map<std::string, std::uint64_t> seen;
  std::optional<std::string> wanted;
  for (std::uint64_t attempt = 0; attempt < request_.tries; ++attempt) {
    RS_ASSIGN(const std::optional<std::string> outcome, try_once(start_, attempt));
    if (!outcome) return std::optional<std::string>();
    ++seen[*outcome];
    status_->clear();
    if (!request_.run.quiet) context_.err << "  as given, try " << attempt + 1 << ": " << *outcome << '\n';
    if (!wanted && !request_.verdict) wanted = outcome;
    if (request_.verdict && verdict_of(*outcome) == verdict_name(*request_.verdict) &&
        (!wanted || seen[*outcome] > seen[*wanted])) {
      wanted = outcome;
    }
  }
  const auto nothing = [](const std::string& why) { return usage_error("nothing to minimize: " + why); };
  if (!wanted) return nothing("no try came to " + std::string(verdict_name(*request_.verdict)));
  const std::string verdict = verdict_of(*wanted);
  if (verdict == "clean" || verdict == "error" || !verdict_from_name(verdict)) {
    return nothing("the first try came to " + *wanted);
  }
  if (seen[*wanted] < request_.needed) {
    Error error =
        nothing(*wanted + ": repeated only " + std::to_string(seen[*wanted]) + " of " + std::to_string(request_.tries) +
                ", and " + std::to_string(request_.needed) + " are asked for");
    error.hint = "ask for less with --at-least, or try more often with --repeat";
    return error;
  }
  return wanted;
}

void MinimizeSession::tell(const MinimizeStep& step) {
  status_->clear();
  if (request_.run.quiet) return;
  context_.err << "  " << (step.counts ? "smaller  " : "needed   ") << step.change << ": " << step.seen << " of "
               << step.tried << '\n';
}

std::string MinimizeSession::repeat_line() const {
  Scenario saved = smallest_;
  saved.file = file();
  saved.text = text_;
  const Result<Plan> plan = plan_for(saved);
  if (!plan.ok()) return {};
  const std::uint64_t trial = request_.run.trial.value_or(0);
  return repeat_command(*plan, trial) + (trial == 0 ? " --trial 0" : "") + " --repeat " +
         std::to_string(request_.tries);
}

std::string MinimizeSession::json_text(const Minimized& minimized) const {
  nlohmann::ordered_json json = {
      {"schema", kMinimizeSchema},
      {"scenario", start_.name},
      {"outcome", outcome_},
      {"tries", request_.tries},
      {"needed", request_.needed},
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

// One case: whether what was left still comes to the same.
std::string MinimizeSession::junit_text(const Minimized& minimized, int code) const {
  JunitCase one;
  one.suite = "minimize";
  one.classname = "minimize." + start_.name;
  one.name = outcome_;
  one.outcome = test_outcome(code);
  one.text = "repeated " + std::to_string(minimized.repeated) + " of " + std::to_string(minimized.confirmed_with) +
             "\nrepeat it: " + repeat_line();
  if (code != kExitOk) one.message = minimized.error ? minimized.error->message : "not as often as each step showed it";
  one.type = verdict_of(outcome_);
  return junit_xml("minimize", host_.kind, std::vector{one});
}

Status MinimizeSession::write_output(const Minimized& minimized) {
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
  RS_TRY(output_->write("minimize.json", json_text(minimized)));
  return output_->finish();
}

int MinimizeSession::execute() {
  for (const RescuedRun& run : output_->rescued()) context_.err << "remapstorm: " << describe(run) << '\n';
  status_ = std::make_unique<StatusLine>(context_.err, context_.err_is_terminal && !request_.run.verbose, clock_,
                                         context_.columns);
  const Result<std::optional<std::string>> outcome = find_outcome();
  status_->clear();
  if (!outcome.ok()) {
    const int code = report_error(context_, output_->give_up(outcome.error()));
    return outcome.error().kind == ErrorKind::usage ? kExitDiffers : code;
  }
  if (!outcome->has_value()) {
    context_.err << "remapstorm: stopped by a signal before there was anything to keep\n";
    return exit_by_signal(signals_.signal());
  }
  outcome_ = **outcome;
  start_.expectation.verdict = *verdict_from_name(verdict_of(outcome_));
  const MinimizeOptions options{outcome_, request_.tries, request_.needed};
  const Minimized minimized = minimize(
      start_, full_vocabulary(), options,
      [this](const Scenario& candidate, std::uint64_t attempt) { return try_once(candidate, attempt); },
      [this](const MinimizeStep& step) { tell(step); });
  status_->clear();
  smallest_ = minimized.scenario;
  const Status written = write_output(minimized);
  context_.out << "outcome   " << outcome_ << "\nsmallest  " << counted(minimized.scenario.rules.size(), "rule")
               << " of " << start_.rules.size() << ", " << counted(minimized.scenario.workloads.size(), "workload")
               << " of " << start_.workloads.size() << ", " << counted(minimized.scenario.cpus, "vCPU") << "; "
               << trials_ << " trials, " << counted(minimized.steps.size(), "candidate") << "\nrepeated  "
               << minimized.repeated << " of " << minimized.confirmed_with << '\n';
  const int code = conclude(minimized, written);
  return worse_of(code, write_report_files(
                            context_, request_.run.files, [&] { return junit_text(minimized, code); },
                            [&] { return json_text(minimized); }));
}

int MinimizeSession::conclude(const Minimized& minimized, const Status& written) {
  if (!written.ok()) return report_error(context_, output_->give_up(written.error()));
  context_.out << "file      " << file() << "\nrepeat it " << repeat_line() << '\n';
  context_.out.flush();
  if (minimized.error) return report_error(context_, *minimized.error);
  if (const int signal = signals_.signal(); signal != 0) {
    context_.err << "remapstorm: stopped by a signal; the smallest so far is in " << file() << '\n';
    return exit_by_signal(signal);
  }
  if (minimized.repeated >= request_.needed) return kExitOk;
  context_.err << "remapstorm: the smallest scenario repeated " << minimized.repeated << " of "
               << minimized.confirmed_with << " at the end, fewer than the " << request_.needed
               << " that each step showed: it depends on luck\n"
               << "HINT: a larger --repeat and --at-least\n";
  return kExitDiffers;
}

}  // namespace remapstorm
