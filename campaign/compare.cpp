// SPDX-License-Identifier: Apache-2.0
#include "campaign/compare.h"

#include <algorithm>
#include <cstdlib>

#include "base/names.h"
#include "campaign/progress_text.h"
#include "campaign/strategy_count.h"
#include "campaign/worker_pool.h"
#include "results/exit_code.h"
#include "telemetry/sinks.h"

namespace remapstorm {
namespace {

double load_average() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace

Status CompareCampaign::prepare() {
  RS_TRY(context_.executor.open());
  comparison_.version = context_.installation.version;
  comparison_.started_at = rfc3339(context_.started);
  comparison_.host = context_.executor.host();
  comparison_.repeat = options_.repeat;
  comparison_.stolen = options_.stolen;
  comparison_.host_cpus = host_cpus();
  comparison_.counted = options_.count;
  RS_ASSIGN(comparison_.guest, context_.executor.image(options_.flavour));
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
    RS_TRY(options_.count ? plan_count(index) : plan_strategy(index));
  }
  if (!any) {
    return unavailable_error("the guest image (" + options_.flavour + ") has none of these strategies; it has " +
                                 join(comparison_.guest.strategies),
                             context_.installation.called + " guest build --flavour " + options_.flavour);
  }
  RS_ASSIGN(WorkFolder folder, open_work_folder(context_, options_.output_dir, "compare"));
  folder_.emplace(std::move(folder));
  return {};
}

Overrides CompareCampaign::overrides() const {
  Overrides overrides;
  overrides.flavour = options_.flavour;
  overrides.seed = options_.seed;
  return overrides;
}

Status CompareCampaign::plan_strategy(std::size_t index) {
  Overrides overrides = this->overrides();
  const std::string& strategy = comparison_.strategies[index].name;
  for (const Measure measure : kMeasures) {
    RS_ASSIGN(Plan plan, context_.executor.plan(measuring_scenario(measure, strategy, options_.stolen), overrides));
    tasks_.push_back({index, measure, std::move(plan)});
  }
  if (!same_cpu_ || !contains(same_cpu_->strategies, strategy) || !contains(same_cpu_->flavours, options_.flavour)) {
    return {};
  }
  overrides.strategy = strategy;
  RS_ASSIGN(Plan plan, context_.executor.plan(*same_cpu_, overrides));
  tasks_.push_back({index, std::nullopt, std::move(plan)});
  return {};
}

Result<Nanoseconds> CompareCampaign::measure(const Task& task, std::uint64_t trial) {
  CaptureSink capture;
  RS_ASSIGN(const TrialResult result,
            context_.executor.run(0, {task.plan, trial, "", {&capture}}, watched_by(context_.observer)));
  if (result.error) return *result.error;
  const Nanoseconds booting = result.booted ? result.boot_time : Nanoseconds(0);
  if (result.interrupted) return booting;
  ComparedStrategy& strategy = comparison_.strategies[task.strategy];
  // That a strategy deadlocks or stalls is a figure; that the harness failed is not.
  if (result.judgement.verdict == Verdict::error) {
    worst_ = worse_of(worst_, remapstorm::exit_code(result));
    context_.observer.note(strategy.name + ", " + task.plan.scenario + ": " + join(result.reasons, "; "));
  }
  if (!task.measure) {
    ++strategy.same_cpu[std::string(verdict_name(result.judgement.verdict))];
  } else if (result.judgement.verdict == Verdict::error) {
    strategy.figures[*task.measure].add({}, Verdict::error);
  } else {
    strategy.figures[*task.measure].add(capture.events(), result.judgement.verdict);
  }
  return booting;
}

// In turns: what else the machine does meanwhile should meet all of them.
Status CompareCampaign::measure_all() {
  const std::size_t all = tasks_.size() * options_.repeat;
  std::size_t done = 0;
  KeptTimes times(context_.installation);
  TimeLeft left(times.times(), 1);
  for (const Task& task : tasks_) left.plan(times_key(task.plan), 1, options_.repeat);
  for (std::uint64_t trial = 0; trial < options_.repeat; ++trial) {
    for (const Task& task : tasks_) {
      if (context_.stop) return {};
      context_.observer.progress(progress_text("compare", done, all, left.left()));
      const Nanoseconds began = context_.clock.now();
      RS_ASSIGN(const Nanoseconds booting, measure(task, trial));
      left.done(times_key(task.plan), context_.clock.now() - began - booting);
      ++done;
    }
  }
  return {};
}

Status CompareCampaign::plan_count(std::size_t index) {
  const std::string& strategy = comparison_.strategies[index].name;
  RS_ASSIGN(Plan quiet, context_.executor.plan(counting_scenario(strategy, Counted::remap), overrides()));
  RS_ASSIGN(Plan reader, context_.executor.plan(counting_scenario(strategy, Counted::fault), overrides()));
  counts_.push_back({index, std::move(quiet), std::move(reader)});
  return {};
}

Status CompareCampaign::count(const CountTask& task) {
  RS_ASSIGN(CountRun run, count_strategy_(task.quiet, task.reader));
  ComparedStrategy& strategy = comparison_.strategies[task.strategy];
  // What could not be counted holds no regression against anything.
  if (!run.trouble.empty()) {
    worst_ = worse_of(worst_, kExitUnavailable);
    context_.observer.note(strategy.name + " is not counted: " + run.trouble);
  }
  strategy.count.runs.push_back(std::move(run));
  return {};
}

Status CompareCampaign::count_all() {
  const std::size_t all = counts_.size() * options_.repeat;
  for (std::size_t done = 0; done < all; ++done) {
    if (context_.stop) return {};
    context_.observer.progress(progress_text("compare", done, all, std::nullopt));
    Status counted = count(counts_[done % counts_.size()]);
    if (context_.stop) return {};
    if (!counted.ok()) return counted;
  }
  return {};
}

Status CompareCampaign::run() {
  const Nanoseconds began = context_.clock.now();
  comparison_.load[0] = load_average();
  Status measured = options_.count ? count_all() : measure_all();
  comparison_.load[1] = load_average();
  comparison_.took = context_.clock.now() - began;
  comparison_.interrupted = context_.stop;
  return measured;
}

int CompareCampaign::exit_code() const {
  int code = worst_;
  for (const ComparedStrategy& one : comparison_.strategies) {
    if (!options_.all && !one.not_run.empty()) code = worse_of(code, kExitUnavailable);
  }
  return code;
}

}  // namespace remapstorm
