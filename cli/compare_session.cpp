// SPDX-License-Identifier: Apache-2.0
#include "cli/compare_session.h"

#include <algorithm>
#include <cstdlib>

#include "base/atomic_file.h"
#include "base/names.h"
#include "campaign/strategy_count.h"
#include "campaign/worker_pool.h"
#include "cli/report_files.h"
#include "cli/scenario_files.h"
#include "report/report.h"
#include "results/exit_code.h"
#include "telemetry/sinks.h"

namespace remapstorm {
namespace {

constexpr const char* kSameCpu = "irq-same-cpu";

double load_average() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace

Status CompareSession::prepare() {
  RS_TRY(check_places(options_.files));
  status_.emplace(context_.err, context_.err_is_terminal, clock_, context_.columns);
  RS_TRY(pool_.open());
  comparison_.version = context_.version;
  comparison_.started_at = rfc3339(started_);
  comparison_.host = pool_.host();
  comparison_.repeat = options_.repeat;
  comparison_.stolen = options_.stolen;
  comparison_.host_cpus = host_cpus();
  comparison_.counted = options_.count;
  RS_ASSIGN(comparison_.guest, pool_.image(options_.flavour));
  std::optional<Scenario> same_cpu;
  const Result<Scenario> opened = open_scenario(context_, context_.shipped, kSameCpu, full_vocabulary());
  if (opened.ok()) same_cpu = *opened;
  bool any = false;
  for (const std::string& strategy : options_.strategies) {
    comparison_.strategies.push_back({strategy, {}, {}, {}, {}});
    if (!contains(comparison_.guest.strategies, strategy)) {
      comparison_.strategies.back().not_run =
          "the guest image has no such strategy; it has " + join(comparison_.guest.strategies);
      continue;
    }
    any = true;
    const std::size_t index = comparison_.strategies.size() - 1;
    RS_TRY(options_.count ? plan_count(index) : plan_strategy(index, same_cpu));
  }
  if (!any) {
    return unavailable_error("the guest image (" + options_.flavour + ") has none of these strategies; it has " +
                                 join(comparison_.guest.strategies),
                             context_.called + " guest build --flavour " + options_.flavour);
  }
  RS_ASSIGN(WorkFolder folder, WorkFolder::open(context_, options_.output_dir, time_stamp(started_) + "-compare"));
  folder_.emplace(std::move(folder));
  directory_ = folder_->path();
  return {};
}

Status CompareSession::plan_strategy(std::size_t index, const std::optional<Scenario>& same_cpu) {
  Overrides overrides;
  overrides.flavour = options_.flavour;
  overrides.seed = options_.seed;
  const std::string& strategy = comparison_.strategies[index].name;
  for (const Measure measure : kMeasures) {
    RS_ASSIGN(Plan plan, pool_.plan(measuring_scenario(measure, strategy, options_.stolen), overrides));
    tasks_.push_back({index, measure, std::move(plan)});
  }
  if (!same_cpu || !contains(same_cpu->strategies, strategy) || !contains(same_cpu->flavours, options_.flavour)) {
    return {};
  }
  overrides.strategy = strategy;
  RS_ASSIGN(Plan plan, pool_.plan(*same_cpu, overrides));
  tasks_.push_back({index, std::nullopt, std::move(plan)});
  return {};
}

Result<Nanoseconds> CompareSession::measure(const Task& task, std::uint64_t trial) {
  RS_ASSIGN(Runner * runner, pool_.runner(0, options_.flavour));
  CaptureSink capture;
  const auto no_progress = [](const char* /*phase*/, Nanoseconds /*since_start*/) {};
  RS_ASSIGN(const TrialOutcome outcome, run_trial(runner->environment(), task.plan, trial, {&capture}, no_progress));
  const Nanoseconds booting = outcome.booted ? outcome.boot_time : Nanoseconds(0);
  if (outcome.interrupted) return booting;
  const TrialResult result = conclude(recorded(task.plan, trial), outcome.judgement);
  ComparedStrategy& strategy = comparison_.strategies[task.strategy];
  // That a strategy deadlocks or stalls is a figure; that the harness failed is not.
  if (outcome.judgement.verdict == Verdict::error) {
    worst_ = worse_of(worst_, exit_code(result));
    status_->clear();
    context_.err << "remapstorm: " << strategy.name << ", " << task.plan.scenario << ": " << join(result.reasons, "; ")
                 << '\n';
  }
  if (!task.measure) {
    ++strategy.same_cpu[std::string(verdict_name(outcome.judgement.verdict))];
  } else if (outcome.judgement.verdict == Verdict::error) {
    strategy.figures[*task.measure].add({}, Verdict::error);
  } else {
    strategy.figures[*task.measure].add(capture.events(), outcome.judgement.verdict);
  }
  return booting;
}

// In turns: what else the machine does meanwhile should meet all of them.
Status CompareSession::measure_all() {
  const std::size_t all = tasks_.size() * options_.repeat;
  std::size_t done = 0;
  TimeLeft left(pool_.times(), 1);
  for (const Task& task : tasks_) left.plan(times_key(task.plan), 1, options_.repeat);
  for (std::uint64_t trial = 0; trial < options_.repeat; ++trial) {
    for (const Task& task : tasks_) {
      if (signals_.stop()) return {};
      if (!options_.quiet) status_->show(progress_text("compare", done, all, left.left()));
      const Nanoseconds began = clock_.now();
      RS_ASSIGN(const Nanoseconds booting, measure(task, trial));
      left.done(times_key(task.plan), clock_.now() - began - booting);
      ++done;
    }
  }
  return {};
}

Status CompareSession::plan_count(std::size_t index) {
  Overrides overrides;
  overrides.flavour = options_.flavour;
  overrides.seed = options_.seed;
  const std::string& strategy = comparison_.strategies[index].name;
  RS_ASSIGN(Plan quiet, pool_.plan(counting_scenario(strategy, false), overrides));
  RS_ASSIGN(Plan reader, pool_.plan(counting_scenario(strategy, true), overrides));
  counts_.push_back({index, std::move(quiet), std::move(reader)});
  return {};
}

Status CompareSession::count(std::size_t index) {
  const CountTask& task = counts_[index];
  RS_ASSIGN(Runner * runner, pool_.runner(0, options_.flavour));
  RS_ASSIGN(CountRun run, count_strategy(runner->environment(), task.quiet, task.reader));
  ComparedStrategy& strategy = comparison_.strategies[task.strategy];
  // What could not be counted holds no regression against anything.
  if (!run.trouble.empty()) {
    worst_ = worse_of(worst_, kExitUnavailable);
    status_->clear();
    context_.err << "remapstorm: " << strategy.name << " is not counted: " << run.trouble << '\n';
  }
  strategy.count.runs.push_back(std::move(run));
  return {};
}

Status CompareSession::count_all() {
  const std::size_t all = counts_.size() * options_.repeat;
  for (std::size_t done = 0; done < all; ++done) {
    if (signals_.stop()) return {};
    if (!options_.quiet) status_->show(progress_text("compare", done, all, std::nullopt));
    Status counted = count(done % counts_.size());
    if (signals_.stop()) return {};
    if (!counted.ok()) return counted;
  }
  return {};
}

Status CompareSession::write_output() const {
  RS_TRY(folder_->look({}));
  RS_TRY(write_file_atomically(directory_ + "/compare.json", comparison_json(comparison_)));
  RS_TRY(write_file_atomically(directory_ + "/compare.txt", comparison_text(comparison_)));
  RS_TRY(write_file_atomically(directory_ + "/compare.md", comparison_markdown(comparison_)));
  return folder_->look({"compare.json", "compare.txt", "compare.md"});
}

void CompareSession::show(bool recorded) const {
  if (options_.format == OutputFormat::json) {
    context_.out << comparison_json(comparison_) << std::flush;
    return;
  }
  context_.out << comparison_text(comparison_);
  if (recorded) context_.out << "\nrecorded in " << directory_;
  context_.out << std::endl;
}

int CompareSession::execute() {
  const Nanoseconds began = clock_.now();
  comparison_.load[0] = load_average();
  const Status measured = options_.count ? count_all() : measure_all();
  pool_.save_times();
  status_->clear();
  comparison_.load[1] = load_average();
  comparison_.took = clock_.now() - began;
  comparison_.interrupted = signals_.signal() != 0;
  const Status written = write_output();
  show(written.ok());
  for (const Status* status : {&measured, &written}) {
    if (!status->ok()) worst_ = worse_of(worst_, report_error(context_, status->error()));
  }
  worst_ = worse_of(worst_, write_report_files(
                                context_, options_.files, [&] { return comparison_junit(comparison_); },
                                [&] { return comparison_json(comparison_); }));
  if (signals_.signal() != 0) {
    context_.err << "remapstorm: stopped by a signal; above is what was measured until then\n";
    worst_ = worse_of(worst_, exit_by_signal(signals_.signal()));
  }
  for (const ComparedStrategy& one : comparison_.strategies) {
    if (!options_.all && !one.not_run.empty()) worst_ = worse_of(worst_, kExitUnavailable);
  }
  return worst_;
}

}  // namespace remapstorm
