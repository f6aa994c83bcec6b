// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_session.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/names.h"
#include "cli/report_files.h"
#include "results/exit_code.h"
#include "results/folder_mark.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRoundPrefix = "round-";
constexpr std::uint64_t kMostTrial = 999'999'999;  // what --trial takes
constexpr std::size_t kMostOutcomes = 100;
constexpr Nanoseconds kSayEvery = std::chrono::seconds(10);
constexpr Nanoseconds kLongestPause = std::chrono::seconds(60);

// A round is told by its own line; the trials are in its folder.
class RoundReport final : public Report {
 public:
  void run_begins(const RunInfo&, std::size_t) override {}
  void scenario_begins(const Plan&) override {}
  void trial_ended(const TrialResult&) override {}
  void scenario_ended(const ScenarioResults&) override {}
  void run_ended(const RunInfo&, std::span<const ScenarioResults>) override {}
};

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

std::string hours_text(Nanoseconds time) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  char text[32];
  std::snprintf(text, sizeof(text), "%lld:%02lld:%02lld", static_cast<long long>(whole / 3600),
                static_cast<long long>(whole / 60 % 60), static_cast<long long>(whole % 60));
  return text;
}

}  // namespace

Status ServeSession::prepare() {
  RS_TRY(session_.prepare(true));
  RS_ASSIGN(WorkFolder folder,
            WorkFolder::open(context_, options_.run.output_dir, time_stamp(std::time(nullptr)), "serve"));
  folder_.emplace(std::move(folder));
  directory_ = folder_->path();
  find_earlier_rounds();
  // Once, not in every round: no round makes it better.
  for (const ScenarioResults& scenario : session_.not_run()) {
    const Error& why = *scenario.trials.front().error;
    worst_ = worse_of(worst_, report_error(context_, why.in(scenario.scenario + " is not run")));
    not_run_.push_back(scenario.scenario);
    served_.add(scenario);
  }
  return {};
}

std::string ServeSession::folder_of(std::uint64_t number) const {
  char text[32];
  std::snprintf(text, sizeof(text), "%s%06llu", kRoundPrefix.data(), static_cast<unsigned long long>(number));
  return directory_ + "/" + text;
}

// A soak that is started again in its folder goes on with the next number: with other seeds.
void ServeSession::find_earlier_rounds() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
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

bool ServeSession::over() const {
  if (session_.signals().stop() || next_ > kMostTrial) return true;
  if (options_.rounds && rounds_ >= *options_.rounds) return true;
  return options_.length && session_.clock().now() - began_ >= *options_.length;
}

int ServeSession::execute() {
  began_ = session_.clock().now();
  session_.metrics().set(Metric::serve_rounds, 0);
  while (!over()) {
    run_round();
    session_.metrics().say();
  }
  summarize();
  session_.metrics().finish();
  if (trials_ == 0) {
    worst_ = worse_of(worst_, exit_by_signal(session_.signals().signal()));
    if (worst_ == kExitOk) worst_ = exit_code(std::span<const ScenarioResults>());
  }
  served_.version = context_.version;
  served_.started_at = started_at_;
  served_.host = session_.host().kind;
  served_.rounds = rounds_;
  served_.exit_code = worst_;
  return worse_of(worst_, write_report_files(
                              context_, options_.run.files, [&] { return served_junit(served_); },
                              [&] { return served_json(served_); }));
}

void ServeSession::run_round() {
  const std::uint64_t number = next_++;
  options_.run.trial = number;
  const Result<std::vector<ScenarioResults>> results = run_in(folder_of(number));
  if (!results.ok()) {
    trouble(results.error());
    worst_ = worse_of(worst_, exit_code_of(results.error().kind));
    return pause_after_failure();
  }
  if (results->empty()) return;  // stopped before anything was known
  ++rounds_;
  worst_ = worse_of(worst_, exit_code(*results));
  remember(number, *results);
  const bool any = std::any_of(results->begin(), results->end(), [](const ScenarioResults& scenario) {
    return std::any_of(scenario.trials.begin(), scenario.trials.end(),
                       [](const TrialResult& trial) { return trial.verdict && *trial.verdict != Verdict::error; });
  });
  if (any) {
    failures_ = 0;
  } else {
    pause_after_failure();
  }
}

Result<std::vector<ScenarioResults>> ServeSession::run_in(const std::string& folder) {
  std::vector<ScenarioResults> results;
  {
    RS_ASSIGN(OutputDirectory output, OutputDirectory::at(folder, note_to(context_)));
    RoundReport report;
    results = session_.run_all(output, report, RunSession::NotRun::left_out);
    if (!results.empty()) {
      Status written = session_.write_output(output, results);
      written = written.ok() ? output.finish() : Status(output.give_up(written.error()));
      if (!written.ok()) {
        trouble(written.error());
        worst_ = worse_of(worst_, exit_code_of(written.error().kind));
      }
    }
  }
  return results;
}

void ServeSession::remember(std::uint64_t number, const std::vector<ScenarioResults>& results) {
  for (const ScenarioResults& scenario : results) {
    served_.add(scenario);
    for (const TrialResult& trial : scenario.trials) {
      ++trials_;
      if (trial.ok) ++expected_;
    }
  }
  const std::string outcome = outcome_of_round(results);
  if (!outcome.empty()) {
    const bool room = unexpected_.contains(outcome) || unexpected_.size() < kMostOutcomes;
    ++unexpected_[room ? outcome : "others"];
  }
  kept_.push_back({number, outcome, size_of(folder_of(number))});
  drop_old_rounds();
  std::uint64_t bytes = 0;
  for (const KeptRound& round : kept_) bytes += round.bytes;
  SessionMetrics& metrics = session_.metrics();
  metrics.set(Metric::serve_rounds, static_cast<double>(rounds_));
  metrics.set(Metric::serve_kept_runs, static_cast<double>(kept_.size()));
  metrics.set(Metric::serve_kept_bytes, static_cast<double>(bytes));
  say_round(number, results, outcome);
}

void ServeSession::drop_old_rounds() {
  while (const auto index = round_to_drop(kept_, options_.keep)) {
    const auto round = kept_.begin() + static_cast<std::ptrdiff_t>(*index);
    std::error_code ignored;
    if (fs::exists(folder_of(round->number), ignored)) {
      if (const Status removed = remove_marked(folder_of(round->number)); !removed.ok()) trouble(removed.error());
    }
    kept_.erase(round);
  }
}

void ServeSession::say_round(std::uint64_t number, const std::vector<ScenarioResults>& results,
                             const std::string& outcome) {
  const Nanoseconds now = session_.clock().now();
  if (outcome.empty() && (options_.run.quiet || (rounds_ > 1 && now - said_ < kSayEvery))) return;
  said_ = now;
  context_.out << hours_text(now - began_) << " round " << number << ": " << summary_line(results);
  if (!outcome.empty()) context_.out << ": " << outcome << "\n  in " << folder_of(number);
  context_.out << std::endl;
}

// Nothing works: no use in trying as fast as the machine can.
void ServeSession::pause_after_failure() {
  ++failures_;
  const Nanoseconds pause =
      std::min(kLongestPause, Nanoseconds(std::chrono::seconds(1)) * (1 << std::min(failures_, 6U)));
  const Nanoseconds until = session_.clock().now() + pause;
  while (!over() && session_.clock().now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void ServeSession::trouble(const Error& error) {
  if (std::exchange(trouble_said_, true)) return;
  context_.err << "remapstorm: " << error.message << "; the soak goes on\n";
  if (!error.hint.empty()) context_.err << "HINT: " << error.hint << '\n';
}

void ServeSession::summarize() const {
  context_.out << "serve: " << rounds_ << (rounds_ == 1 ? " round" : " rounds") << " in "
               << hours_text(session_.clock().now() - began_) << ", " << trials_
               << (trials_ == 1 ? " trial" : " trials") << ": " << expected_ << " as expected";
  if (trials_ != expected_) context_.out << ", " << trials_ - expected_ << " not";
  context_.out << '\n';
  if (!not_run_.empty()) context_.out << "  not run: " << join(not_run_) << '\n';
  for (const auto& [outcome, count] : unexpected_) context_.out << "  " << count << " x " << outcome << '\n';
  if (!kept_.empty())
    context_.out << kept_.size() << (kept_.size() == 1 ? " round" : " rounds") << " kept in " << directory_ << '\n';
  context_.out << std::flush;
}

}  // namespace remapstorm
