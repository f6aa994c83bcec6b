// SPDX-License-Identifier: Apache-2.0
#include "campaign/sweep.h"

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/build_id.h"
#include "base/names.h"
#include "base/plural.h"
#include "base/sha256.h"
#include "campaign/progress_text.h"
#include "campaign/sweep_repeat.h"
#include "campaign/worker_pool.h"
#include "results/exit_code.h"
#include "results/folder_mark.h"
#include "results/output_rescue.h"
#include "results/sweep_json.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJournal = "/sweep.jsonl";
constexpr const char* kTable = "/sweep.json";

// A verdict of the guest stays; what the host or the harness spoilt is tried again.
bool is_final(const SweepTrial& trial) {
  return trial.exit_code == kExitOk || trial.exit_code == kExitDiffers || trial.exit_code == kExitTimeout;
}

std::string place_of(const SweepCell& cell, std::uint64_t seed) {
  return "trials/" + cell.scenario + "/" + cell.strategy + "/" + cell.flavour + "/seed-" + std::to_string(seed);
}

// Not what trials and gaps come to.
bool is_trouble(int code) { return code == kExitInternal || code == kExitHost || code > kExitSignal; }

std::string key_of(const SweepTrial& trial) {
  return name_of(trial.cell) + ", " + std::string(verdict_name(trial.verdict));
}

}  // namespace

Status SweepCampaign::prepare() {
  sweep_.version = context_.installation.version;
  sweep_.started_at = rfc3339(context_.started);
  for (const Scenario& scenario : scenarios_) sweep_.matrix.scenarios.push_back(scenario.name);
  sweep_.matrix.strategies = options_.strategies;
  sweep_.matrix.flavours = options_.flavours;
  sweep_.matrix.hosts = options_.hosts;
  sweep_.matrix.architecture = arch_of(kHostIsa).guest;
  sweep_.matrix.seeds = options_.seeds;
  sweep_.matrix.scenarios_named = !options_.scenarios.empty();
  sweep_.matrix.strategies_named = options_.strategies_named;
  sweep_.matrix.flavours_named = options_.flavours_named;
  sweep_.cells = cells_of(sweep_.matrix, scenarios_);
  sweep_.gaps = sweep_.cells.refused;
  if (sweep_.cells.made.empty()) {
    return usage_error("none of these scenarios is made for any of these strategies and flavours",
                       context_.installation.called + " list shows what each is made for");
  }
  RS_TRY(plan_here());
  RS_TRY(open_journal());
  RS_TRY(keep_scenarios(directory(), scenarios_, plans_));
  make_tasks();
  for (const SweepGap& gap : sweep_.gaps) {
    context_.observer.detail(name_of(gap.cell) + " is not run: " + gap.why.message);
  }
  context_.observer.detail(plural(tasks_.size(), "trial") + " to do on this machine");
  return {};
}

// What this machine cannot do leaves gaps; a mistake in a scenario ends it all.
Status SweepCampaign::plan_here() {
  const auto& hosts = options_.hosts;
  if (std::find(hosts.begin(), hosts.end(), kKvmHost) == hosts.end()) return {};
  const Status opened = context_.executor.open();
  if (opened.ok()) {
    sweep_.host = context_.executor.host();
  } else {
    context_.observer.trouble(opened.error());
  }
  for (const SweepCell& cell : sweep_.cells.made) {
    if (cell.host != kKvmHost || sweep_.gap_of(cell) != nullptr) continue;
    if (!opened.ok()) {
      sweep_.gaps.push_back({cell, opened.error()});
      continue;
    }
    const auto scenario = std::find_if(scenarios_.begin(), scenarios_.end(),
                                       [&](const Scenario& one) { return one.name == cell.scenario; });
    Overrides overrides;
    overrides.strategy = cell.strategy;
    overrides.flavour = cell.flavour;
    overrides.timeout = options_.timeout;
    Result<Plan> plan = context_.executor.plan(*scenario, overrides);
    if (plan.ok()) {
      plans_.emplace(name_of(cell), std::move(plan).value());
    } else if (plan.error().kind == ErrorKind::unavailable) {
      sweep_.gaps.push_back({cell, plan.error()});
    } else {
      return plan.error();
    }
  }
  return {};
}

SweepIdentity SweepCampaign::identity() const {
  SweepIdentity identity = {{"scenarios", join(sweep_.matrix.scenarios)},
                            {"strategies", join(options_.strategies)},
                            {"flavours", join(options_.flavours)},
                            {"hosts", join(options_.hosts)},
                            {"seeds", std::to_string(options_.seeds)},
                            {"timeouts", options_.timeout ? std::to_string(options_.timeout->count()) : "default"},
                            {"host kinds", sweep_.host.kind},
                            {"builds of remapstorm", build_id()}};
  for (const Scenario& scenario : scenarios_) {
    identity.emplace_back("texts of " + scenario.name, sha256_hex(scenario.text));
  }
  std::map<std::string, std::string> guests;
  for (const auto& [cell, plan] : plans_) guests[plan.flavour] = plan.guest.hash;
  for (const auto& [flavour, hash] : guests) identity.emplace_back("guest images of flavour " + flavour, hash);
  return identity;
}

Status SweepCampaign::open_journal() {
  std::error_code ignored;
  const std::string wanted = options_.output_dir;
  const bool there = !wanted.empty() && fs::exists(wanted + kJournal, ignored);
  if (there && !options_.resume) {
    return usage_error(wanted + " holds a sweep already", "--resume goes on with it; or give another --output-dir");
  }
  if (!there && options_.resume) {
    return usage_error("there is no sweep to go on with in " + wanted, "leave --resume out to begin one");
  }
  RS_ASSIGN(WorkFolder folder, open_work_folder(context_, wanted, "sweep"));
  folder_.emplace(std::move(folder));
  if (!options_.resume) {
    RS_ASSIGN(SweepJournal journal, SweepJournal::create(directory() + kJournal, identity()));
    journal_.emplace(std::move(journal));
    return {};
  }
  RS_ASSIGN(SweepJournal journal,
            SweepJournal::resume(directory() + kJournal, identity(), sweep_.matrix, sweep_.trials));
  journal_.emplace(std::move(journal));
  // They tell of an earlier session; killed now, this one would leave them beside a journal that says more.
  for (const char* old : {kTable, "/sweep.ktap", "/sweep.xml"}) fs::remove(directory() + old, ignored);
  drop_what_failed();
  before_ = sweep_.trials.size();
  context_.observer.detail("of an earlier session: kept " + plural(before_, "trial") + ", made again " +
                           plural(spoilt_.size(), "trial"));
  return {};
}

void SweepCampaign::drop_what_failed() {
  for (const SweepTrial& trial : sweep_.trials) {
    if (!is_final(trial)) spoilt_.insert(place_of(trial.cell, trial.seed));
  }
  std::erase_if(sweep_.trials, [](const SweepTrial& trial) { return !is_final(trial); });
  for (const SweepTrial& trial : sweep_.trials) {
    if (!trial.events.empty()) recorded_.insert(key_of(trial));
  }
}

bool SweepCampaign::done(const SweepCell& cell, std::uint64_t seed) const {
  return std::any_of(sweep_.trials.begin(), sweep_.trials.end(),
                     [&](const SweepTrial& trial) { return trial.cell == cell && trial.seed == seed; });
}

// Seed by seed, so that what is interrupted has something of everything.
void SweepCampaign::make_tasks() {
  for (std::uint64_t seed = 1; seed <= options_.seeds; ++seed) {
    for (const SweepCell& cell : sweep_.cells.made) {
      const auto plan = plans_.find(name_of(cell));
      if (plan == plans_.end() || done(cell, seed)) continue;
      Task task{plan->second, cell};
      task.plan.seed = seed;
      task.plan.asked.seed = seed;
      tasks_.push_back(std::move(task));
    }
  }
}

// Of a trial that was killed; or that had ended, and its line did not get into the journal: then its recording stays.
void SweepCampaign::clear_place(const std::string& place) {
  const std::string path = directory() + "/" + place;
  std::error_code ignored;
  if (!spoilt_.contains(place) && recording_is_whole(path + "/events.jsonl")) {
    fs::rename(path, free_name(path + "-earlier"), ignored);
  } else {
    (void)remove_below(directory(), place);
  }
}

Status SweepCampaign::run_task(unsigned worker, const Task& task) {
  const std::string place = place_of(task.cell, task.plan.seed);
  clear_place(place);
  RS_TRY(make_folders(directory() + "/" + place));
  const Nanoseconds began = context_.clock.now();
  RS_ASSIGN(const TrialResult result,
            context_.executor.run(worker, {task.plan, 0, directory() + "/" + place}, watched_by(context_.observer)));
  const std::lock_guard lock(mutex_);
  if (showed_nothing(result)) return remove_below(directory(), place);
  // A boot is paid once for many trials.
  left_.done(times_key(task.plan), context_.clock.now() - began - (result.booted ? result.boot_time : Nanoseconds(0)));
  return keep(task.cell, result, place);
}

Status SweepCampaign::keep(const SweepCell& cell, const TrialResult& result, const std::string& place) {
  SweepTrial trial;
  trial.cell = cell;
  trial.seed = result.seed;
  trial.verdict = result.verdict.value_or(Verdict::error);
  trial.expected = result.expected;
  trial.exit_code = exit_code(result);
  trial.ok = trial.exit_code == kExitOk;
  trial.reason = result.error ? result.error->message : result.reasons.empty() ? "" : result.reasons.front();
  trial.differences = result.differences;
  if (!result.judgement.findings.empty()) trial.fingerprint = result.judgement.findings.front().fingerprint;
  trial.duration = result.duration;
  trial.repeat = result.repeat;
  // Of what went as expected one recording of each kind is enough.
  if (!trial.ok || recorded_.insert(key_of(trial)).second) {
    trial.events = place;
  } else {
    RS_TRY(remove_below(directory(), place));
  }
  RS_TRY(journal_->add(trial));
  sweep_.trials.push_back(std::move(trial));
  ++done_;
  return {};
}

void SweepCampaign::show_progress() {
  const std::lock_guard lock(mutex_);
  context_.observer.progress(progress_text("sweep", before_ + done_, before_ + tasks_.size(), left_.left()));
}

Status SweepCampaign::run_here() {
  WorkerPool pool;
  const unsigned cpus = host_cpus();
  pool.places = options_.jobs.value_or(cpus);
  left_ = TimeLeft(times_.times(), pool.places);
  for (const Task& task : tasks_) left_.plan(times_key(task.plan), options_.jobs ? 1 : task.plan.cpus, 1);
  // A vCPU that waits for its processor looks like a guest that stands still.
  if (!options_.jobs) pool.weight = [this](std::size_t number) { return tasks_[number].plan.cpus; };
  pool.work = [this](unsigned worker, std::size_t number) { return run_task(worker, tasks_[number]); };
  pool.tick = [this] { show_progress(); };
  return work_through(tasks_.size(), pool, context_.stop);
}

void SweepCampaign::run_in_labs() {
  for (const std::string& host : options_.hosts) {
    if (!lab_kind(host).empty() && !context_.stop) run_lab(host);
  }
}

// What `host` can be asked for: its share of the matrix without the cells that nobody can run.
SweepOptions SweepCampaign::share_of(const std::string& host, std::vector<std::string>& files) const {
  SweepOptions share = options_;
  std::set<std::string> scenarios, strategies, flavours;
  for (const SweepCell& cell : sweep_.cells.made) {
    if (cell.host != host || sweep_.gap_of(cell) != nullptr) continue;
    scenarios.insert(cell.scenario);
    strategies.insert(cell.strategy);
    flavours.insert(cell.flavour);
  }
  std::erase_if(share.strategies, [&](const std::string& one) { return !strategies.contains(one); });
  std::erase_if(share.flavours, [&](const std::string& one) { return !flavours.contains(one); });
  std::error_code ignored;
  for (const Scenario& scenario : scenarios_) {
    if (scenarios.contains(scenario.name)) files.push_back(fs::absolute(scenario.file, ignored).string());
  }
  return share;
}

void SweepCampaign::add_gaps(const std::string& host, const Error& why) {
  for (const SweepCell& cell : sweep_.cells.made) {
    if (cell.host == host && sweep_.gap_of(cell) == nullptr) sweep_.gaps.push_back({cell, why});
  }
}

// The lab's host shares our files: it keeps a journal of its own below our folder, and goes on with it by itself.
void SweepCampaign::run_lab(const std::string& host) {
  const std::string kind = lab_kind(host);
  const std::string folder = directory() + "/lab-" + kind;
  std::error_code ignored;
  if (is_marked(folder)) fs::remove(folder + kTable, ignored);  // an earlier session's
  std::vector<std::string> files;
  const SweepOptions share = share_of(host, files);
  if (files.empty()) return;
  Arguments words = {"sweep"};
  const Arguments matrix = sweep_words(share, files, {kKvmHost});
  words.insert(words.end(), matrix.begin(), matrix.end());
  words.insert(words.end(), {"--output-dir", folder});
  if (options_.quiet) words.emplace_back("--quiet");
  if (fs::exists(folder + kJournal, ignored)) words.emplace_back("--resume");
  context_.observer.step("remapstorm: sweep: on " + host);
  const Result<int> code = context_.lab(kind, words);
  if (!code.ok()) return add_gaps(host, code.error());
  take_in(host, folder, *code);
}

void SweepCampaign::take_in(const std::string& host, const std::string& folder, int code) {
  SweepMatrix theirs = sweep_.matrix;
  theirs.hosts = {host};
  if (code == kExitUsage) {
    return add_gaps(host, usage_error("the sweep on " + host + " refused what is asked: it says why above",
                                      options_.resume ? "leave --resume out and give another --output-dir" : ""));
  }
  if (!context_.stop) {
    sweep_.worst_elsewhere = worse_of(sweep_.worst_elsewhere, counted_exit_code(code));
    if (is_trouble(code)) {
      context_.observer.note("the sweep on " + host + " ended with exit code " + std::to_string(code));
    }
  }
  Result<std::vector<SweepTrial>> trials = SweepJournal::read(folder + kJournal, theirs, host);
  if (!trials.ok()) {
    return add_gaps(host, host_error("the sweep on " + host + " ended with exit code " + std::to_string(code) +
                                     " and left nothing: " + trials.error().message));
  }
  for (SweepTrial& trial : *trials) {
    if (!trial.events.empty()) trial.events = "lab-" + lab_kind(host) + "/" + trial.events;
    sweep_.trials.push_back(std::move(trial));
  }
  const Result<std::vector<SweepGap>> gaps = read_sweep_gaps(folder + kTable, host);
  if (gaps.ok()) sweep_.gaps.insert(sweep_.gaps.end(), gaps->begin(), gaps->end());
  // It left no sweep.json: it was killed, or its host was.
  if (gaps.ok() || context_.stop) return;
  for (const SweepCell& cell : sweep_.cells.made) {
    if (cell.host != host || sweep_.gap_of(cell) != nullptr || sweep_.trials_of(cell).size() >= options_.seeds)
      continue;
    sweep_.gaps.push_back({cell, host_error("the lab ended before it, with exit code " + std::to_string(code))});
  }
}

Status SweepCampaign::write_output(const std::function<Status(const std::string& directory)>& more) const {
  RS_TRY(folder_->look({}));
  RS_TRY(write_file_atomically(directory() + kTable, sweep_json(sweep_)));
  RS_TRY(more(directory()));
  // What is claimed is there.
  RS_TRY(folder_->look({kJournal + 1, kTable + 1}));
  for (const SweepTrial& trial : sweep_.trials) {
    if (!trial.events.empty()) RS_TRY(folder_->look({trial.events}));
  }
  return {};
}

std::string SweepCampaign::go_on_line() const {
  return remapstorm::go_on_line(context_.installation, options_, scenarios_, directory());
}

Status SweepCampaign::run() {
  const Nanoseconds began = context_.clock.now();
  Status ran = run_here();
  if (ran.ok()) run_in_labs();
  sweep_.took = context_.clock.now() - began;
  sweep_.interrupted = context_.stop;
  return ran;
}

}  // namespace remapstorm
