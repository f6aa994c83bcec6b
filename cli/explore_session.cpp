// SPDX-License-Identifier: Apache-2.0
#include "cli/explore_session.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "base/build_id.h"
#include "base/shell_word.h"
#include "cli/report_files.h"
#include "cli/work_folder.h"
#include "plan/repeat.h"
#include "report/certificate.h"
#include "report/text.h"
#include "results/certificate_json.h"
#include "results/exit_code.h"
#include "telemetry/sinks.h"
#include "trial/guest_image.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

// "45 s", "3 min 10 s".
std::string minutes_text(double seconds) {
  const long whole = std::lround(seconds);
  if (whole < 90) return std::to_string(whole) + " s";
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

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
Status ExploreSession::choose_folder(const std::string& state) {
  if (options_.output_dir.empty()) {
    std::string label = options_.window.name;
    std::replace_if(
        label.begin(), label.end(), [](char letter) { return letter == '/' || letter == '+'; }, '-');
    latest_ = state + "/runs/latest";
    return take_folder(time_stamp(started_) + "-explore-" + label.substr(0, 80));
  }
  directory_ = fs::absolute(options_.output_dir).string();
  std::error_code ignored;
  const bool journal = fs::exists(directory_ + "/trials.jsonl", ignored);
  if (journal && !options_.resume) {
    return usage_error(directory_ + " holds an exploration already",
                       "--resume goes on with it; or give another --output-dir");
  }
  if (!journal && options_.resume) {
    return usage_error("there is no exploration to go on with in " + directory_, "leave --resume out to begin one");
  }
  return take_folder({});
}

Status ExploreSession::take_folder(const std::string& name) {
  RS_ASSIGN(WorkFolder folder, WorkFolder::open(context_, options_.output_dir, name));
  folder_.emplace(std::move(folder));
  directory_ = folder_->path();
  return {};
}

Status ExploreSession::prepare() {
  status_ = std::make_unique<StatusLine>(context_.err, context_.err_is_terminal && !options_.verbose, clock_,
                                         context_.columns);
  RS_TRY(check_places(options_.files));
  RS_TRY(metrics_.start(false));
  RS_ASSIGN(Kvm kvm, Kvm::open());
  RS_TRY(kvm.check_required());
  kvm_.emplace(std::move(kvm));
  RS_ASSIGN(const HostInfo host, describe_host(*kvm_, clock_, context_.environment));
  RS_ASSIGN(const Paths paths, find_paths(context_.environment, context_.home));
  RS_ASSIGN(const GuestImageInfo image, find_guest_image(paths, context_.environment, options_.flavour,
                                                         wanted_of_image(options_.same, options_.kernel)));
  RS_ASSIGN(runner_,
            Runner::create(*kvm_, image, options_.kernel, host, clock_, signals_.stop(), paths.cache + "/snapshots"));
  // Symbols first: a mistake there must not cost a boot.
  Window window = options_.window;
  const TrialEnvironment environment = runner_->environment();
  RS_TRY(resolve_window(window, environment.symbols));
  RS_ASSIGN(Plan plan, explore_plan(options_, runner_->guest(), host, runner_->resolver()));
  RS_TRY(choose_folder(paths.state));
  RS_ASSIGN(exploration_, reach_window(environment, options_, std::move(plan), [this](const std::string& what) {
              if (!options_.quiet) status_->show("explore " + options_.window.name + ": " + what);
            }));
  metrics_.planned(exploration_->plan);
  certificate_ = certificate_of(*exploration_);
  certificate_.harness = context_.version;
  certificate_.harness_build = build_id();
  certificate_.made_at = rfc3339(started_);
  return choose_points();
}

Status ExploreSession::choose_points() {
  RS_TRY(open_output());
  if (options_.at) {
    RS_ASSIGN(points_, points_at(*exploration_, *options_.at, options_.then));
    return {};
  }
  points_ = points_left(certificate_, certificate_.all_points());
  return {};
}

Status ExploreSession::open_output() {
  const std::string path = directory_ + "/trials.jsonl";
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

Status ExploreSession::keep_events(ExploredTrial& trial, const std::vector<Event>& events) {
  bool& kept = kept_[kind_of(trial)];
  if (kept) return {};
  kept = true;
  RS_TRY(make_folders(directory_ + "/events"));
  const std::string second = trial.second ? "-" + std::to_string(*trial.second) : "";
  const std::string name = "events/" + std::to_string(trial.boundary) + second + "-" + trial.inject + ".jsonl";
  RS_ASSIGN(JsonlSink sink, JsonlSink::create(directory_ + "/" + name));
  for (const Event& event : events) sink.on_event(event);
  RS_TRY(sink.flush());
  trial.events = name;
  return {};
}

void ExploreSession::fold_metrics(const PointOutcome& outcome, const std::vector<Event>& events) {
  if (metrics_.metrics() == nullptr) return;
  const TrialLabels labels = trial_labels(exploration_->plan);
  fold_explored(*metrics_.metrics(), clock_, labels, events, exploration_->opened_at);
  metrics_.ended(labels, outcome, events);
}

Status ExploreSession::on_done(const PointOutcome& outcome, const std::vector<Event>& events) {
  const std::lock_guard lock(progress_mutex_);
  ++done_;
  fold_metrics(outcome, events);
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

void ExploreSession::show_progress() {
  metrics_.say(status_.get());
  if (options_.quiet) return;
  const std::lock_guard lock(progress_mutex_);
  const double seconds = in_seconds(clock_.now() - began_);
  const std::size_t all = before_ + points_.size();
  std::ostringstream text;
  text << "explore " << options_.window.name << ": " << before_ + done_ << " of " << all << " points";
  if (done_ > 0 && seconds > 0.5) {
    const double rate = static_cast<double>(done_) / seconds;
    text << ", " << std::fixed << std::setprecision(1) << rate << " a second, "
         << minutes_text(static_cast<double>(points_.size() - done_) / rate) << " left";
  }
  status_->show(text.str());
}

// What outlives this session, and how to go on.
std::string ExploreSession::kept() const {
  if (options_.at) return "this one trial is made again by the same command";
  const std::size_t trials = certificate_.trials.size();
  return (trials == 1 ? "1 trial is" : std::to_string(trials) + " trials are") + " kept in " + directory_ +
         "; to go on: " + repeat_words(exploration_->plan, explore_words(options_)) + " --output-dir " +
         shell_word(directory_) + " --resume";
}

int ExploreSession::report_kept(const Error& error) {
  const int code = report_error(context_, error);
  context_.err << "remapstorm: " << kept() << '\n';
  return code;
}

int ExploreSession::execute() {
  began_ = clock_.now();
  const TrialEnvironment environment = runner_->environment();
  ExploreHooks hooks;
  hooks.done = [this](const PointOutcome& outcome, const std::vector<Event>& events) {
    return on_done(outcome, events);
  };
  hooks.tick = [this] { show_progress(); };
  const unsigned jobs = options_.jobs != 0 ? options_.jobs : usual_jobs(options_);
  const Status explored = explore(environment, *exploration_, points_, jobs, hooks);
  status_->clear();

  certificate_.took = clock_.now() - began_;
  certificate_.interrupted = signals_.signal() != 0;
  if (!options_.at) {
    // Nothing is left out in silence.
    const std::string why = certificate_.interrupted ? "not executed: the exploration was interrupted"
                                                     : "not executed: the exploration ended early";
    for (ExplorePoint& point : points_left(certificate_, certificate_.all_points())) {
      certificate_.skipped.push_back({std::move(point), why});
    }
  }
  certificate_.one_point = options_.at.has_value();
  if (options_.at && certificate_.trials.size() == 1) certificate_.repeat = certificate_.trials.front().repeat;
  certificate_.sort();
  const Status written = write_output();
  show_result(written.ok() ? "" : written.error().message);
  metrics_.finish();
  const int filed = write_report_files(
      context_, options_.files, [&] { return certificate_junit(certificate_); },
      [&] { return certificate_json(certificate_); });
  if (!explored.ok()) return report_kept(explored.error());
  if (!written.ok()) return report_kept(written.error());
  if (const int signal = signals_.signal(); signal != 0) {
    context_.err << "remapstorm: stopped by a signal; " << kept() << '\n';
    return exit_by_signal(signal);
  }
  return worse_of(exit_code(), filed);
}

Status ExploreSession::write_output() const {
  RS_TRY(folder_->look({"trials.jsonl"}));
  for (const ExploredTrial& trial : certificate_.trials) {
    if (!trial.events.empty()) RS_TRY(folder_->look({trial.events}));
  }
  if (!options_.at) {
    RS_TRY(write_file_atomically(directory_ + "/certificate.txt", certificate_text(certificate_)));
    RS_TRY(write_file_atomically(directory_ + "/certificate.svg", certificate_svg(certificate_)));
  }
  RS_TRY(write_file_atomically(directory_ + "/certificate.json", certificate_json(certificate_)));
  if (latest_.empty()) return {};
  // A link under another name, renamed: "latest" is always there.
  std::error_code error;
  const std::string temporary = latest_ + ".tmp." + std::to_string(::getpid());
  fs::remove(temporary, error);
  fs::create_directory_symlink(fs::path(directory_).filename(), temporary, error);
  if (!error) fs::rename(temporary, latest_, error);
  if (error) return host_error("cannot make the link " + latest_ + ": " + error.message());
  return {};
}

void ExploreSession::show_result(const std::string& trouble) {
  if (options_.format == OutputFormat::json) {
    context_.out << certificate_json(certificate_) << std::flush;
    return;
  }
  if (!options_.at) {
    context_.out << certificate_text(certificate_);
  } else {
    for (const ExploredTrial& trial : certificate_.trials) {
      context_.out << name_of(certificate_, trial) << ": " << verdict_name(trial.verdict) << "\n  " << trial.reason
                   << '\n';
      if (trial.second && !trial.second_raised) context_.out << "  " << kNeverCame << '\n';
      for (const TakenAt& at : trial.taken) {
        context_.out << "  taken at " << place_of(at.symbol, at.offset, at.pc) << " (" << at.context << ")\n";
      }
    }
    for (const SkippedPoint& point : certificate_.skipped) {
      context_.out << name_of(certificate_, point) << ": skipped: " << point.reason << '\n';
    }
  }
  if (trouble.empty()) context_.out << "\nin " << directory_ << '\n';
  context_.out << std::flush;
}

int ExploreSession::exit_code() const {
  if (options_.at) return certificate_.skipped.empty() && !certificate_.trials.empty() ? kExitOk : kExitDiffers;
  return certificate_.complete() ? kExitOk : kExitDiffers;
}

}  // namespace remapstorm
