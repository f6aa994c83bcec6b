// SPDX-License-Identifier: Apache-2.0
#include "cli/sweep_session.h"

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/build_id.h"
#include "base/names.h"
#include "base/sha256.h"
#include "campaign/worker_pool.h"
#include "cli/lab_child.h"
#include "cli/name_list.h"
#include "cli/report_choice.h"
#include "cli/report_files.h"
#include "cli/scenario_files.h"
#include "cli/sweep_repeat.h"
#include "report/sweep.h"
#include "results/exit_code.h"
#include "results/folder_mark.h"
#include "results/output_rescue.h"
#include "results/sweep_json.h"

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

Status SweepSession::prepare() {
  RS_TRY(check_places(options_.files));
  sweep_.version = context_.version;
  sweep_.started_at = rfc3339(started_);
  for (const Scenario& scenario : scenarios_) sweep_.matrix.scenarios.push_back(scenario.name);
  sweep_.matrix.strategies = options_.strategies;
  sweep_.matrix.flavours = options_.flavours;
  sweep_.matrix.hosts = options_.hosts;
  sweep_.matrix.seeds = options_.seeds;
  sweep_.matrix.scenarios_named = !options_.scenarios.empty();
  sweep_.matrix.strategies_named = options_.strategies_named;
  sweep_.matrix.flavours_named = options_.flavours_named;
  sweep_.cells = cells_of(sweep_.matrix, scenarios_);
  sweep_.gaps = sweep_.cells.refused;
  if (sweep_.cells.made.empty()) {
    return usage_error("none of these scenarios is made for any of these strategies and flavours",
                       context_.called + " list shows what each is made for");
  }
  status_.emplace(context_.err, context_.err_is_terminal, clock_, context_.columns);
  RS_TRY(plan_here());
  RS_TRY(open_journal());
  RS_TRY(keep_scenarios(directory_, scenarios_, plans_));
  make_tasks();
  return {};
}

// What this machine cannot do leaves gaps; a mistake in a scenario ends it all.
Status SweepSession::plan_here() {
  const auto& hosts = options_.hosts;
  if (std::find(hosts.begin(), hosts.end(), kKvmHost) == hosts.end()) return {};
  const Status opened = pool_.open();
  if (opened.ok()) {
    sweep_.host = pool_.host();
  } else {
    report_error(context_, opened.error());
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
    Result<Plan> plan = pool_.plan(*scenario, overrides);
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

SweepIdentity SweepSession::identity() const {
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

Status SweepSession::open_journal() {
  std::error_code ignored;
  const std::string wanted = options_.output_dir;
  const bool there = !wanted.empty() && fs::exists(wanted + kJournal, ignored);
  if (there && !options_.resume) {
    return usage_error(wanted + " holds a sweep already", "--resume goes on with it; or give another --output-dir");
  }
  if (!there && options_.resume) {
    return usage_error("there is no sweep to go on with in " + wanted, "leave --resume out to begin one");
  }
  RS_ASSIGN(WorkFolder folder, WorkFolder::open(context_, wanted, time_stamp(started_) + "-sweep"));
  folder_.emplace(std::move(folder));
  directory_ = folder_->path();
  if (!options_.resume) {
    RS_ASSIGN(SweepJournal journal, SweepJournal::create(directory_ + kJournal, identity()));
    journal_.emplace(std::move(journal));
    return {};
  }
  RS_ASSIGN(SweepJournal journal,
            SweepJournal::resume(directory_ + kJournal, identity(), sweep_.matrix, sweep_.trials));
  journal_.emplace(std::move(journal));
  // They tell of an earlier session; killed now, this one would leave them beside a journal that says more.
  for (const char* old : {kTable, "/sweep.ktap", "/sweep.xml"}) fs::remove(directory_ + old, ignored);
  drop_what_failed();
  before_ = sweep_.trials.size();
  return {};
}

void SweepSession::drop_what_failed() {
  for (const SweepTrial& trial : sweep_.trials) {
    if (!is_final(trial)) spoilt_.insert(place_of(trial.cell, trial.seed));
  }
  std::erase_if(sweep_.trials, [](const SweepTrial& trial) { return !is_final(trial); });
  for (const SweepTrial& trial : sweep_.trials) {
    if (!trial.events.empty()) recorded_.insert(key_of(trial));
  }
}

bool SweepSession::done(const SweepCell& cell, std::uint64_t seed) const {
  return std::any_of(sweep_.trials.begin(), sweep_.trials.end(),
                     [&](const SweepTrial& trial) { return trial.cell == cell && trial.seed == seed; });
}

// Seed by seed, so that what is interrupted has something of everything.
void SweepSession::make_tasks() {
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
void SweepSession::clear_place(const std::string& place) {
  const std::string path = directory_ + "/" + place;
  std::error_code ignored;
  if (!spoilt_.contains(place) && recording_is_whole(path + "/events.jsonl")) {
    fs::rename(path, free_name(path + "-earlier"), ignored);
  } else {
    (void)remove_below(directory_, place);
  }
}

Status SweepSession::run_task(unsigned worker, const Task& task) {
  const std::string place = place_of(task.cell, task.plan.seed);
  clear_place(place);
  RS_TRY(make_folders(directory_ + "/" + place));
  RS_ASSIGN(Runner * runner, pool_.runner(worker, task.cell.flavour));
  const Nanoseconds began = clock_.now();
  Runner::Watching watching;
  watching.progress = [](const char*, Nanoseconds) {};
  watching.note = [this](const std::string& line) {
    const std::lock_guard lock(mutex_);
    status_->clear();
    context_.err << "remapstorm: " << line << '\n';
  };
  const TrialResult result = runner->run_in(directory_ + "/" + place, task.plan, 0, watching);
  const std::lock_guard lock(mutex_);
  // A trial that was interrupted before it showed anything is no result.
  if (result.interrupted && (!result.verdict || *result.verdict == Verdict::error)) {
    return remove_below(directory_, place);
  }
  // A boot is paid once for many trials.
  left_.done(times_key(task.plan), clock_.now() - began - (result.booted ? result.boot_time : Nanoseconds(0)));
  return keep(task.cell, result, place);
}

Status SweepSession::keep(const SweepCell& cell, const TrialResult& result, const std::string& place) {
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
    RS_TRY(remove_below(directory_, place));
  }
  RS_TRY(journal_->add(trial));
  sweep_.trials.push_back(std::move(trial));
  ++done_;
  return {};
}

void SweepSession::show_progress() {
  if (options_.quiet) return;
  const std::lock_guard lock(mutex_);
  status_->show(progress_text("sweep", before_ + done_, before_ + tasks_.size(), left_.left()));
}

Status SweepSession::run_here() {
  WorkerPool pool;
  const unsigned cpus = host_cpus();
  pool.places = options_.jobs.value_or(cpus);
  left_ = TimeLeft(pool_.times(), pool.places);
  for (const Task& task : tasks_) left_.plan(times_key(task.plan), options_.jobs ? 1 : task.plan.cpus, 1);
  // A vCPU that waits for its processor looks like a guest that stands still.
  if (!options_.jobs) pool.weight = [this](std::size_t number) { return tasks_[number].plan.cpus; };
  pool.work = [this](unsigned worker, std::size_t number) { return run_task(worker, tasks_[number]); };
  pool.tick = [this] { show_progress(); };
  Status ran = work_through(tasks_.size(), pool, signals_.stop());
  pool_.save_times();
  return ran;
}

void SweepSession::run_in_labs() {
  for (const std::string& host : options_.hosts) {
    if (!lab_kind(host).empty() && !signals_.stop()) run_lab(host);
  }
}

// What `host` can be asked for: its share of the matrix without the cells that nobody can run.
SweepOptions SweepSession::share_of(const std::string& host, std::vector<std::string>& files) const {
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

void SweepSession::add_gaps(const std::string& host, const Error& why) {
  for (const SweepCell& cell : sweep_.cells.made) {
    if (cell.host == host && sweep_.gap_of(cell) == nullptr) sweep_.gaps.push_back({cell, why});
  }
}

// The lab's host shares our files: it keeps a journal of its own below our folder, and goes on with it by itself.
void SweepSession::run_lab(const std::string& host) {
  const std::string kind = lab_kind(host);
  const std::string folder = directory_ + "/lab-" + kind;
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
  if (!options_.quiet) context_.err << "remapstorm: sweep: on " << host << std::endl;
  const Result<int> code = run_in_lab(context_, kind, words, signals_.stop());
  if (!code.ok()) return add_gaps(host, code.error());
  SweepMatrix theirs = sweep_.matrix;
  theirs.hosts = {host};
  if (*code == kExitUsage) {
    return add_gaps(host, usage_error("the sweep on " + host + " refused what is asked: it says why above",
                                      options_.resume ? "leave --resume out and give another --output-dir" : ""));
  }
  if (signals_.signal() == 0) {
    sweep_.worst_elsewhere = worse_of(sweep_.worst_elsewhere, counted_exit_code(*code));
    if (is_trouble(*code)) {
      context_.err << "remapstorm: the sweep on " << host << " ended with exit code " << *code << std::endl;
    }
  }
  Result<std::vector<SweepTrial>> trials = SweepJournal::read(folder + kJournal, theirs, host);
  if (!trials.ok()) {
    return add_gaps(host, host_error("the sweep on " + host + " ended with exit code " + std::to_string(*code) +
                                     " and left nothing: " + trials.error().message));
  }
  for (SweepTrial& trial : *trials) {
    if (!trial.events.empty()) trial.events = "lab-" + kind + "/" + trial.events;
    sweep_.trials.push_back(std::move(trial));
  }
  const Result<std::vector<SweepGap>> gaps = read_sweep_gaps(folder + kTable, host);
  if (gaps.ok()) sweep_.gaps.insert(sweep_.gaps.end(), gaps->begin(), gaps->end());
  // It left no sweep.json: it was killed, or its host was.
  if (gaps.ok() || signals_.signal() != 0) return;
  for (const SweepCell& cell : sweep_.cells.made) {
    if (cell.host != host || sweep_.gap_of(cell) != nullptr || sweep_.trials_of(cell).size() >= options_.seeds)
      continue;
    sweep_.gaps.push_back({cell, host_error("the lab ended before it, with exit code " + std::to_string(*code))});
  }
}

Status SweepSession::write_output() {
  RS_TRY(write_file_atomically(directory_ + kTable, sweep_json(sweep_)));
  RS_TRY(write_file_atomically(directory_ + "/sweep.ktap", sweep_ktap(sweep_)));
  return write_file_atomically(directory_ + "/sweep.xml", sweep_junit(sweep_));
}

// What is claimed is there.
Status SweepSession::look() const {
  RS_TRY(folder_->look({kJournal + 1, kTable + 1}));
  for (const SweepTrial& trial : sweep_.trials) {
    if (!trial.events.empty()) RS_TRY(folder_->look({trial.events}));
  }
  return {};
}

void SweepSession::show(bool recorded) {
  if (options_.format == OutputFormat::json) {
    context_.out << sweep_json(sweep_) << std::flush;
  } else if (options_.format == OutputFormat::ktap) {
    context_.out << sweep_ktap(sweep_) << std::flush;
  } else {
    write_sweep_table(context_.out, style_of(context_), sweep_);
    if (recorded) context_.out << "recorded in " << directory_ << std::endl;
  }
}

int SweepSession::execute() {
  began_ = clock_.now();
  const Status ran = run_here();
  status_->clear();
  if (ran.ok()) run_in_labs();
  sweep_.took = clock_.now() - began_;
  sweep_.interrupted = signals_.signal() != 0;
  Status written = folder_->look({});
  if (written.ok()) written = write_output();
  if (written.ok()) written = look();
  show(written.ok());
  int code = worse_of(sweep_exit_code(sweep_), exit_by_signal(signals_.signal()));
  for (const Status* status : std::initializer_list<const Status*>{&ran, &written}) {
    if (!status->ok()) code = worse_of(code, report_error(context_, status->error()));
  }
  code = worse_of(
      code, write_report_files(
                context_, options_.files, [&] { return sweep_junit(sweep_); }, [&] { return sweep_json(sweep_); }));
  if (!ran.ok() || !written.ok() || signals_.signal() != 0) {
    context_.err << "remapstorm: " << (signals_.signal() != 0 ? "stopped by a signal; " : "")
                 << "to go on: " << go_on_line(context_, options_, scenarios_, directory_) << '\n';
  }
  return code;
}

}  // namespace remapstorm
