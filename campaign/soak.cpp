// SPDX-License-Identifier: Apache-2.0
#include "campaign/soak.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "base/names.h"
#include "campaign/progress_text.h"
#include "campaign/random_control.h"
#include "campaign/worker_pool.h"
#include "plan/repeat.h"
#include "plan/scenario_writer.h"
#include "results/exit_code.h"
#include "results/folder_mark.h"
#include "telemetry/json_fields.h"
#include "telemetry/sinks.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostFolders = 20;  // of each sort
constexpr int kMostAttempts = 2;

std::string word_of(ControlOutcome outcome) {
  return outcome == ControlOutcome::false_alarm ? "false-alarms" : "failed";
}

// "SUMMARY" of another soak's soak.json.
std::string summary_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const Json json = parse_json(in);
  if (!json.is_object() || !json.contains("summary")) return "it left no summary";
  const Json& summary = json["summary"];
  const bool text = summary.is_object() && summary.contains("text") && summary["text"].is_string();
  return text ? summary["text"].get<std::string>() : "it left no summary";
}

}  // namespace

Overrides SoakCampaign::overrides() const {
  Overrides overrides;
  overrides.flavour = options_.flavour;
  overrides.seed = options_.seed;
  overrides.same = options_.same;
  return overrides;
}

Status SoakCampaign::prepare() {
  here_ = std::find(options_.hosts.begin(), options_.hosts.end(), kKvmHost) != options_.hosts.end();
  soak_.version = context_.installation.version;
  soak_.started_at = rfc3339(context_.started);
  soak_.trials = options_.trials;
  soak_.seed = options_.seed;
  strategies_ = options_.strategies;
  if (here_) RS_TRY(prepare_here());
  RS_ASSIGN(WorkFolder folder, open_work_folder(context_, options_.output_dir, "soak"));
  folder_.emplace(std::move(folder));
  return {};
}

// What this machine cannot do is no trouble of the other hosts, nor of the other strategies.
Status SoakCampaign::prepare_here() {
  Status opened = open_here();
  if (opened.ok()) return {};
  if (opened.error().kind != ErrorKind::unavailable || options_.hosts.size() < 2) return opened;
  here_ = false;
  strategies_ = options_.strategies;
  note_not_run(kKvmHost, opened.error());
  return {};
}

Status SoakCampaign::open_here() {
  RS_TRY(context_.executor.open());
  soak_.host = context_.executor.host();
  RS_ASSIGN(soak_.guest, context_.executor.image(options_.flavour));
  strategies_.clear();
  std::optional<Error> first;
  for (const std::string& strategy : options_.strategies) {
    const Result<Plan> plan = context_.executor.plan(control_machine(strategy, ControlWork::cycle), overrides());
    if (plan.ok()) {
      strategies_.push_back(strategy);
      continue;
    }
    if (plan.error().kind != ErrorKind::unavailable) return plan.error();
    if (!first) first = plan.error();
  }
  if (strategies_.empty()) return *first;
  for (const std::string& strategy : options_.strategies) {
    if (!contains(strategies_, strategy)) note_not_run(strategy, *first);
  }
  return {};
}

void SoakCampaign::note_not_run(const std::string& what, const Error& why) {
  context_.observer.trouble(why.in(what + " is not run"));
  worst_ = worse_of(worst_, exit_code_of(why.kind));
  soak_.not_run.emplace(what, why);
}

Result<TrialResult> SoakCampaign::attempt(unsigned worker, const Plan& plan, std::vector<Event>& events) {
  Result<TrialResult> trial = context_.executor.run_control(worker, plan, events);
  const std::lock_guard lock(mutex_);
  // From where the guest was set back to: its boot is no part of what trials take.
  if (trial.ok()) left_.done(key_of(plan.strategy), trial->duration);
  return trial;
}

Status SoakCampaign::run_trial_number(unsigned worker, std::uint64_t number) {
  const std::string& strategy = strategies_[number % strategies_.size()];
  const Scenario scenario = random_control(options_.seed, number, strategy);
  RS_ASSIGN(const Plan plan, context_.executor.plan(scenario, overrides()));
  std::vector<Event> events;
  Result<TrialResult> trial = attempt(worker, plan, events);
  for (int again = 1; !trial.ok() && again < kMostAttempts && !context_.stop; ++again) {
    {
      const std::lock_guard lock(mutex_);
      ++soak_.made_again;
    }
    trial = attempt(worker, plan, events);
  }
  if (context_.stop && (!trial.ok() || trial->interrupted)) return {};
  if (!trial.ok()) return trial.error();
  return count(number, scenario, plan, *trial, events);
}

Status SoakCampaign::count(std::uint64_t number, const Scenario& scenario, const Plan& plan, const TrialResult& trial,
                           const std::vector<Event>& events) {
  const ControlOutcome outcome = control_outcome(trial.judgement, plan.limits.stall_threshold);
  const std::lock_guard lock(mutex_);
  SoakCounts& counts = soak_.counts[plan.strategy];
  for (const auto& [injector, fired] : trial.judgement.statistics.injections) soak_.fired[injector] += fired;
  if (outcome == ControlOutcome::clean || outcome == ControlOutcome::imposed_stall) {
    ++(outcome == ControlOutcome::clean ? counts.clean : counts.imposed_stalls);
    return {};
  }
  const bool alarm = outcome == ControlOutcome::false_alarm;
  ++(alarm ? counts.false_alarms : counts.failed);
  // A hang on a host that did not run the guest is the host's.
  const int code = remapstorm::exit_code(trial);
  worst_ = worse_of(worst_, alarm ? kExitDiffers : code == kExitDiffers || code == kExitTimeout ? kExitHost : code);
  std::vector<SoakTrial>& told = alarm ? soak_.false_alarms : soak_.failed;
  if (told.size() >= Soak::kMostTold) return {};
  SoakTrial one;
  one.number = number;
  one.strategy = plan.strategy;
  one.verdict = trial.judgement.verdict;
  one.reason = join(trial.judgement.reasons, "; ");
  one.folder = word_of(outcome) + "/trial-" + std::to_string(number);
  if (told.size() < kMostFolders) {
    RS_TRY(keep(one, scenario, events));
  } else {
    one.folder.clear();
    one.repeat =
        repeat_words(plan, "soak --trials " + std::to_string(number + 1) + " --seed " + std::to_string(options_.seed) +
                               " --strategies " + join(strategies_, ",") + " --flavour " + options_.flavour);
  }
  told.push_back(std::move(one));
  return {};
}

Status SoakCampaign::keep(SoakTrial& trial, const Scenario& scenario, const std::vector<Event>& events) {
  const std::string folder = directory() + "/" + trial.folder;
  RS_TRY(make_folders(folder));
  const std::string file = folder + "/" + scenario.name + ".toml";
  Scenario kept = scenario;
  kept.file = file;
  kept.text = scenario_toml(scenario, "SPDX-License-Identifier: Apache-2.0\n" + trial.reason);
  RS_TRY(write_file_atomically(file, kept.text));
  RS_ASSIGN(JsonlSink sink, JsonlSink::create(folder + "/events.jsonl"));
  for (const Event& event : events) sink.on_event(event);
  RS_TRY(sink.flush());
  RS_ASSIGN(const Plan plan, context_.executor.plan(kept, overrides()));
  trial.repeat = repeat_command(plan, 0);
  return {};
}

std::string SoakCampaign::key_of(const std::string& strategy) const {
  return "soak, " + strategy + ", " + options_.flavour + ", " + soak_.host.kind;
}

Status SoakCampaign::write_output(const std::string& json) const {
  RS_TRY(folder_->look({}));
  RS_TRY(write_file_atomically(directory() + "/soak.json", json));
  // What is claimed is there.
  RS_TRY(folder_->look({"soak.json"}));
  for (const std::vector<SoakTrial>* told : {&soak_.false_alarms, &soak_.failed}) {
    for (const SoakTrial& trial : *told) {
      if (!trial.folder.empty()) RS_TRY(folder_->look({trial.folder + "/events.jsonl"}));
    }
  }
  return {};
}

void SoakCampaign::show_progress() {
  const std::lock_guard lock(mutex_);
  const SoakCounts sum = soak_.sum();
  std::string text = progress_text("soak", sum.all(), options_.trials, left_.left());
  if (sum.false_alarms != 0) text += ", " + std::to_string(sum.false_alarms) + " FALSE ALARMS";
  if (sum.failed != 0) text += ", " + std::to_string(sum.failed) + " failed";
  context_.observer.progress(text);
}

void SoakCampaign::run_on(const std::string& host) {
  const std::string folder = directory() + "/lab-" + lab_kind(host);
  Arguments words = {"soak",
                     "--trials",
                     std::to_string(options_.trials),
                     "--seed",
                     std::to_string(options_.seed),
                     "--strategies",
                     options_.strategies_named ? join(options_.strategies, ",") : "all",
                     "--flavour",
                     options_.flavour,
                     "--output-dir",
                     folder};
  if (options_.jobs) words.insert(words.end(), {"--jobs", std::to_string(*options_.jobs)});
  if (!options_.same.empty()) words.insert(words.end(), {"--sha256", same_bytes_text(options_.same)});
  if (options_.quiet) words.emplace_back("--quiet");
  context_.observer.step("remapstorm: soak: on " + host);
  std::error_code ignored;
  if (is_marked(folder)) std::filesystem::remove(folder + "/soak.json", ignored);  // an earlier one's
  const Result<int> code = context_.lab(lab_kind(host), words);
  if (!code.ok()) {
    note_not_run(host, code.error());
    return;
  }
  // What a signal of ours stopped is told by our own exit code.
  if (!context_.stop) worst_ = worse_of(worst_, counted_exit_code(*code));
  soak_.codes_elsewhere[host] = counted_exit_code(*code);
  soak_.elsewhere[host] = "exit code " + std::to_string(*code) + ", " + summary_of(folder + "/soak.json");
}

Status SoakCampaign::run_here() {
  WorkerPool pool;
  soak_.jobs = options_.jobs.value_or(
      guests_at_a_time(host_cpus(), control_machine(strategies_.front(), ControlWork::cycle).cpus));
  pool.places = soak_.jobs;
  pool.work = [this](unsigned worker, std::size_t number) { return run_trial_number(worker, number); };
  pool.tick = [this] { show_progress(); };
  left_ = TimeLeft(times_.times(), pool.places);
  const std::uint64_t each = options_.trials / strategies_.size(), rest = options_.trials % strategies_.size();
  for (std::size_t i = 0; i < strategies_.size(); ++i) left_.plan(key_of(strategies_[i]), 1, each + (i < rest ? 1 : 0));
  return work_through(options_.trials, pool, context_.stop);
}

Status SoakCampaign::run() {
  const Nanoseconds began = context_.clock.now();
  Status ran = here_ ? run_here() : Status();
  soak_.took = context_.clock.now() - began;
  for (const std::string& host : options_.hosts) {
    if (host != kKvmHost && ran.ok() && !context_.stop) run_on(host);
  }
  soak_.interrupted = context_.stop;
  return ran;
}

}  // namespace remapstorm
