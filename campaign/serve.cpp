// SPDX-License-Identifier: Apache-2.0
#include "campaign/serve.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <utility>

#include "results/exit_code.h"
#include "results/folder_mark.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRoundPrefix = "round-";
constexpr std::uint64_t kMostTrial = 999'999'999;  // what --trial takes
constexpr Nanoseconds kLongestPause = std::chrono::seconds(60);

std::uint64_t size_of(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file(error)) bytes += it->file_size(error);
  }
  return bytes;
}

// What was not as expected in a round: "irq-same-cpu: hang; ...", or nothing.
std::string outcome_of_round(const std::vector<ScenarioResults>& results) {
  std::string text;
  for (const ScenarioResults& scenario : results) {
    for (const TrialResult& trial : scenario.trials) {
      if (!trial.ok) text += (text.empty() ? "" : "; ") + scenario.scenario + ": " + outcome_of(trial);
    }
  }
  return text;
}

bool any_verdict(const std::vector<ScenarioResults>& results) {
  return std::any_of(results.begin(), results.end(), [](const ScenarioResults& scenario) {
    return std::any_of(scenario.trials.begin(), scenario.trials.end(),
                       [](const TrialResult& trial) { return trial.verdict && *trial.verdict != Verdict::error; });
  });
}

}  // namespace

Status ServeCampaign::prepare() {
  RS_TRY(run_.plan());
  RS_ASSIGN(WorkFolder folder, open_work_folder(context_, options_.run.output_dir, "", "serve"));
  folder_.emplace(std::move(folder));
  find_earlier_rounds();
  // Once, not in every round: no round makes it better.
  for (const ScenarioResults& scenario : run_.not_run()) {
    const Error& why = *scenario.trials.front().error;
    context_.observer.trouble(why.in(scenario.scenario + " is not run"));
    served_.exit_code = worse_of(served_.exit_code, exit_code_of(why.kind));
    served_.not_run.push_back(scenario.scenario);
    served_.add(scenario);
  }
  served_.version = context_.installation.version;
  served_.started_at = rfc3339(context_.started);
  served_.host = context_.executor.host().kind;
  return {};
}

std::string ServeCampaign::folder_of(std::uint64_t number) const {
  char text[32];
  std::snprintf(text, sizeof(text), "%s%06llu", kRoundPrefix.data(), static_cast<unsigned long long>(number));
  return directory() + "/" + text;
}

// A soak that is started again in its folder goes on with the next number: with other seeds.
void ServeCampaign::find_earlier_rounds() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory(), error)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t number = 0;
    const char* end = name.data() + name.size();
    if (!name.starts_with(kRoundPrefix) || !entry.is_directory(error)) continue;
    if (const auto parsed = std::from_chars(name.data() + kRoundPrefix.size(), end, number);
        parsed.ec != std::errc() || parsed.ptr != end || number > kMostTrial) {
      continue;
    }
    next_ = std::max(next_, number + 1);
    // Only what carries our mark is ever dropped.
    if (!is_marked(entry.path().string())) continue;
    kept_.push_back({number, "of an earlier soak", size_of(entry.path().string())});
  }
  std::sort(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
}

bool ServeCampaign::over() const {
  if (context_.stop || next_ > kMostTrial) return true;
  if (options_.rounds && served_.rounds >= *options_.rounds) return true;
  return options_.length && context_.clock.now() - began_ >= *options_.length;
}

const Served& ServeCampaign::run() {
  began_ = context_.clock.now();
  context_.observer.measured(Metric::serve_rounds, 0);
  while (!over()) run_round();
  served_.took = context_.clock.now() - began_;
  return served_;
}

void ServeCampaign::run_round() {
  const std::uint64_t number = next_++;
  run_.only(number);
  const Result<std::vector<ScenarioResults>> results = run_in(folder_of(number));
  if (!results.ok()) {
    count(results.error());
    return pause_after_failure();
  }
  if (results->empty()) return;  // stopped before anything was known
  ++served_.rounds;
  served_.exit_code = worse_of(served_.exit_code, exit_code(*results));
  remember(number, *results);
  if (any_verdict(*results)) {
    failures_ = 0;
  } else {
    pause_after_failure();
  }
}

Result<std::vector<ScenarioResults>> ServeCampaign::run_in(const std::string& folder) {
  RS_ASSIGN(OutputDirectory output,
            OutputDirectory::at(folder, [this](const std::string& line) { context_.observer.note(line); }));
  std::vector<ScenarioResults> results = run_.run_all(output, RunCampaign::NotRun::left_out);
  if (results.empty()) return results;
  Status written = run_.write_output(output, results);
  written = written.ok() ? output.finish() : Status(output.give_up(written.error()));
  if (!written.ok()) count(written.error());
  return results;
}

void ServeCampaign::remember(std::uint64_t number, const std::vector<ScenarioResults>& results) {
  for (const ScenarioResults& scenario : results) {
    served_.add(scenario);
    for (const TrialResult& trial : scenario.trials) {
      ++served_.trials;
      if (trial.ok) ++served_.expected;
    }
  }
  const std::string outcome = outcome_of_round(results);
  if (!outcome.empty()) served_.add_outcome(outcome);
  kept_.push_back({number, outcome, size_of(folder_of(number))});
  drop_old_rounds();
  std::uint64_t bytes = 0;
  for (const KeptRound& round : kept_) bytes += round.bytes;
  Observer& observer = context_.observer;
  observer.measured(Metric::serve_rounds, static_cast<double>(served_.rounds));
  observer.measured(Metric::serve_kept_runs, static_cast<double>(kept_.size()));
  observer.measured(Metric::serve_kept_bytes, static_cast<double>(bytes));
  on_round_({number, context_.clock.now() - began_, outcome, folder_of(number), results});
}

void ServeCampaign::drop_old_rounds() {
  while (const auto index = round_to_drop(kept_, options_.keep)) {
    const auto round = kept_.begin() + static_cast<std::ptrdiff_t>(*index);
    std::error_code ignored;
    if (fs::exists(folder_of(round->number), ignored)) {
      if (const Status removed = remove_marked(folder_of(round->number)); !removed.ok()) trouble(removed.error());
    }
    kept_.erase(round);
  }
}

// Nothing works: no use in trying as fast as the machine can.
void ServeCampaign::pause_after_failure() {
  ++failures_;
  const Nanoseconds pause =
      std::min(kLongestPause, Nanoseconds(std::chrono::seconds(1)) * (1 << std::min(failures_, 6U)));
  const Nanoseconds until = context_.clock.now() + pause;
  while (!over() && context_.clock.now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void ServeCampaign::count(const Error& error) {
  trouble(error);
  served_.exit_code = worse_of(served_.exit_code, exit_code_of(error.kind));
}

void ServeCampaign::trouble(const Error& error) {
  if (std::exchange(trouble_said_, true)) return;
  Error said = error;
  said.message += "; the soak goes on";
  context_.observer.trouble(said);
}

}  // namespace remapstorm
