// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/explore.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <sstream>

#include "base/atomic_file.h"
#include "base/build_id.h"
#include "base/shell_word.h"
#include "campaign/progress_text.h"
#include "plan/repeat.h"
#include "results/certificate_json.h"
#include "telemetry/sinks.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJournal = "/trials.jsonl";

// Trials of which one leaves its events.
std::string kind_of(const ExploredTrial& trial) {
  return trial.inject +
         (!trial.second         ? ""
          : trial.second_raised ? " at two"
                                : " at two, one raised") +
         ", " + std::string(verdict_name(trial.verdict));
}

}  // namespace

// Before a boot is spent on it: whether the folder can be had, and holds what --resume needs.
Status ExploreCampaign::choose_folder() {
  std::string label = "explore-" + options_.window.name;
  std::replace_if(
      label.begin(), label.end(), [](char letter) { return letter == '/' || letter == '+'; }, '-');
  if (!options_.output_dir.empty()) {
    const std::string directory = fs::absolute(options_.output_dir).string();
    std::error_code ignored;
    const bool journal = fs::exists(directory + kJournal, ignored);
    if (journal && !options_.resume) {
      return usage_error(directory + " holds an exploration already",
                         "--resume goes on with it; or give another --output-dir");
    }
    if (!journal && options_.resume) {
      return usage_error("there is no exploration to go on with in " + directory, "leave --resume out to begin one");
    }
  }
  RS_ASSIGN(WorkFolder folder, open_work_folder(context_, options_.output_dir, label.substr(0, 88)));
  folder_.emplace(std::move(folder));
  return {};
}

Status ExploreCampaign::prepare() {
  RS_TRY(context_.executor.open());
  RS_TRY(context_.executor.image(options_.flavour));
  RS_ASSIGN(Runner * runner, guests_.runner(0, options_.flavour));
  // Symbols first: a mistake there must not cost a boot.
  Window window = options_.window;
  const TrialEnvironment environment = runner->environment();
  RS_TRY(resolve_window(window, environment.symbols));
  RS_ASSIGN(Plan plan, explore_plan(options_, runner->guest(), guests_.host(), runner->resolver()));
  RS_TRY(choose_folder());
  RS_ASSIGN(exploration_, reach_window(environment, options_, std::move(plan), [this](const std::string& what) {
              context_.observer.progress("explore " + options_.window.name + ": " + what);
            }));
  context_.observer.planned(exploration_->plan);
  certificate_ = certificate_of(*exploration_);
  certificate_.harness = context_.installation.version;
  certificate_.harness_build = build_id();
  certificate_.made_at = rfc3339(context_.started);
  return choose_points();
}

Status ExploreCampaign::choose_points() {
  RS_TRY(open_journal());
  if (options_.at) {
    RS_ASSIGN(points_, points_at(*exploration_, *options_.at, options_.then));
    return {};
  }
  points_ = points_left(certificate_, certificate_.all_points());
  return {};
}

Status ExploreCampaign::open_journal() {
  const std::string path = directory() + kJournal;
  if (options_.resume) {
    RS_ASSIGN(ExploreJournal journal, ExploreJournal::resume(path, certificate_));
    journal_.emplace(std::move(journal));
  } else {
    RS_ASSIGN(ExploreJournal journal, ExploreJournal::create(path, certificate_));
    journal_.emplace(std::move(journal));
  }
  before_ = certificate_.trials.size();
  certificate_.resumed = before_;
  for (const ExploredTrial& trial : certificate_.trials) {
    if (!trial.events.empty()) kept_[kind_of(trial)] = true;
  }
  return {};
}

Status ExploreCampaign::keep_events(ExploredTrial& trial, const std::vector<Event>& events) {
  bool& kept = kept_[kind_of(trial)];
  if (kept) return {};
  kept = true;
  RS_TRY(make_folders(directory() + "/events"));
  const std::string second = trial.second ? "-" + std::to_string(*trial.second) : "";
  const std::string name = "events/" + std::to_string(trial.boundary) + second + "-" + trial.inject + ".jsonl";
  RS_ASSIGN(JsonlSink sink, JsonlSink::create(directory() + "/" + name));
  for (const Event& event : events) sink.on_event(event);
  RS_TRY(sink.flush());
  trial.events = name;
  return {};
}

Status ExploreCampaign::on_done(const PointOutcome& outcome, const std::vector<Event>& events) {
  const std::lock_guard lock(mutex_);
  ++done_;
  context_.observer.ended(exploration_->plan, outcome, events, exploration_->stopped.trial_time);
  if (const auto* skipped = std::get_if<SkippedPoint>(&outcome)) {
    certificate_.skipped.push_back(*skipped);
    return journal_->add(*skipped);
  }
  ExploredTrial trial = std::get<ExploredTrial>(outcome);
  RS_TRY(keep_events(trial, events));
  RS_TRY(journal_->add(trial));
  certificate_.trials.push_back(std::move(trial));
  return {};
}

void ExploreCampaign::show_progress() {
  const std::lock_guard lock(mutex_);
  const double seconds = in_seconds(context_.clock.now() - began_);
  const std::size_t all = before_ + points_.size();
  std::ostringstream text;
  text << "explore " << options_.window.name << ": " << before_ + done_ << " of " << all << " points";
  if (done_ > 0 && seconds > 0.5) {
    const double rate = static_cast<double>(done_) / seconds;
    text << ", " << std::fixed << std::setprecision(1) << rate << " a second, "
         << time_left_text(static_cast<double>(points_.size() - done_) / rate) << " left";
  }
  context_.observer.progress(text.str());
}

// What outlives this session, and how to go on.
std::string ExploreCampaign::kept() const {
  if (options_.at) return "this one trial is made again by the same command";
  const std::size_t trials = certificate_.trials.size();
  return (trials == 1 ? "1 trial is" : std::to_string(trials) + " trials are") + " kept in " + directory() +
         "; to go on: " + repeat_words(exploration_->plan, explore_words(options_)) + " --output-dir " +
         shell_word(directory()) + " --resume";
}

// Nothing is left out in silence.
void ExploreCampaign::skip_the_rest() {
  const std::string why = certificate_.interrupted ? "not executed: the exploration was interrupted"
                                                   : "not executed: the exploration ended early";
  for (ExplorePoint& point : points_left(certificate_, certificate_.all_points())) {
    certificate_.skipped.push_back({std::move(point), why});
  }
}

Status ExploreCampaign::run() {
  began_ = context_.clock.now();
  RS_ASSIGN(Runner * runner, guests_.runner(0, options_.flavour));
  const TrialEnvironment environment = runner->environment();
  ExploreHooks hooks;
  hooks.done = [this](const PointOutcome& outcome, const std::vector<Event>& events) {
    return on_done(outcome, events);
  };
  hooks.tick = [this] { show_progress(); };
  const unsigned jobs = options_.jobs != 0 ? options_.jobs : usual_jobs(options_);
  Status explored = explore(environment, *exploration_, points_, jobs, hooks);
  certificate_.took = context_.clock.now() - began_;
  certificate_.interrupted = context_.stop;
  if (!options_.at) skip_the_rest();
  certificate_.one_point = options_.at.has_value();
  if (options_.at && certificate_.trials.size() == 1) certificate_.repeat = certificate_.trials.front().repeat;
  certificate_.sort();
  return explored;
}

Status ExploreCampaign::write_output(const std::function<Status(const std::string& directory)>& more) const {
  RS_TRY(folder_->look({kJournal + 1}));
  for (const ExploredTrial& trial : certificate_.trials) {
    if (!trial.events.empty()) RS_TRY(folder_->look({trial.events}));
  }
  RS_TRY(more(directory()));
  RS_TRY(write_file_atomically(directory() + "/certificate.json", certificate_json(certificate_)));
  return options_.output_dir.empty() ? point_latest() : Status();
}

// A link under another name, renamed: "latest" is always there.
Status ExploreCampaign::point_latest() const {
  const std::string latest = fs::path(directory()).parent_path().string() + "/latest";
  std::error_code error;
  const std::string temporary = latest + ".tmp." + std::to_string(::getpid());
  fs::remove(temporary, error);
  fs::create_directory_symlink(fs::path(directory()).filename(), temporary, error);
  if (!error) fs::rename(temporary, latest, error);
  if (error) return host_error("cannot make the link " + latest + ": " + error.message());
  return {};
}

}  // namespace remapstorm
