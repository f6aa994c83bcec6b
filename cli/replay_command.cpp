// SPDX-License-Identifier: Apache-2.0
// replay: recorded trials judged again, without KVM. The same reports and exit codes as run.
#include <algorithm>
#include <filesystem>
#include <map>

#include "cli/arguments.h"
#include "cli/report_choice.h"
#include "cli/report_files.h"
#include "cli/values.h"
#include "results/exit_code.h"
#include "results/replayer.h"
#include "results/run_json.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

struct ReplayOptions {
  std::vector<std::string> paths;
  OutputFormat format = OutputFormat::pretty;
  ReportFiles files;
  bool quiet = false, verbose = false;
};

// Recordings of one run of one scenario with one strategy.
struct Group {
  RecordedPlan plan;
  ScenarioResults results;
};

struct Gathered {
  std::vector<Group> groups;
  std::uint64_t compared = 0, equal = 0;
};

// results.json is read once for all trials of a run.
class Beside {
 public:
  // What the run recorded of the trial in `folder`; empty if it recorded nothing of it.
  Result<std::optional<RecordedResult>> find(const std::string& folder) {
    const std::string path = results_beside(folder);
    if (path.empty()) return std::optional<RecordedResult>();
    auto known = files_.find(path);
    if (known == files_.end()) known = files_.emplace(path, read_recorded_results(path)).first;
    if (!known->second.ok()) return known->second.error();
    std::error_code error;
    const fs::path relative = fs::relative(folder, fs::path(path).parent_path(), error);
    const auto result = known->second->find(relative.generic_string());
    if (result == known->second->end()) return std::optional<RecordedResult>();
    return std::optional<RecordedResult>(result->second);
  }

 private:
  std::map<std::string, Result<RecordedResults>> files_;
};

// Trials of one scenario stand beside each other: SCENARIO/STRATEGY/trial-N.
std::string group_of(const Replayed& replayed) {
  return fs::path(replayed.result.directory).parent_path().string() + "\n" + replayed.plan.scenario + "\n" +
         replayed.plan.strategy + "\n" + replayed.plan.flavour;
}

Result<Gathered> gather(const std::vector<std::string>& paths) {
  Gathered gathered;
  Beside beside;
  std::map<std::string, std::size_t> index;
  for (const std::string& path : paths) {
    RS_ASSIGN(const std::vector<std::string> recordings, find_recordings(path));
    for (const std::string& recording : recordings) {
      RS_ASSIGN(Replayed replayed, replay(recording));
      RS_ASSIGN(const std::optional<RecordedResult> recorded, beside.find(replayed.result.directory));
      if (recorded) {
        ++gathered.compared;
        if (compare_with(*recorded, replayed.result)) ++gathered.equal;
      }
      const auto [place, added] = index.emplace(group_of(replayed), gathered.groups.size());
      if (added) {
        gathered.groups.push_back({replayed.plan, {replayed.plan.scenario, replayed.plan.summary, {}}});
      }
      std::vector<TrialResult>& trials = gathered.groups[place->second].results.trials;
      for (const TrialResult& earlier : trials) {
        if (earlier.trial == replayed.result.trial) ++replayed.result.attempt;
      }
      trials.push_back(std::move(replayed.result));
    }
  }
  return gathered;
}

// What the reports print of a plan.
Plan plan_of(const RecordedPlan& recorded) {
  Plan plan;
  plan.scenario = recorded.scenario;
  plan.summary = recorded.summary;
  plan.claims = recorded.claims;
  plan.strategy = recorded.strategy;
  plan.flavour = recorded.flavour;
  plan.base = recorded.base;
  plan.cpus = recorded.cpus;
  plan.memory = recorded.memory;
  plan.seed = recorded.seed;
  plan.guest = recorded.guest;
  plan.host = recorded.host;
  return plan;
}

int report_all(const CommandContext& context, const ReplayOptions& options, Gathered& gathered) {
  std::vector<ScenarioResults> results;
  RunInfo info;
  info.version = context.version;
  info.host = gathered.groups.front().plan.host;
  info.guest = gathered.groups.front().plan.guest;
  info.one_trial = true;
  for (Group& group : gathered.groups) {
    const auto& trials = group.results.trials;
    group.results.planned = trials.size();
    info.repeat = std::max<std::uint64_t>(info.repeat, trials.size());
    info.one_trial = info.one_trial && trials.back().attempt == trials.size();
    if (group.plan.host.kind != info.host.kind || group.plan.host.cpu != info.host.cpu) {
      context.log.say(LogLevel::warn,
                      "these recordings come from more than one host; lengths do not compare across them, and only the "
                      "first is named");
    }
  }
  const std::unique_ptr<Report> report = make_report(context, options.format, volume_of(options));
  report->run_begins(info, gathered.groups.size());
  for (const Group& group : gathered.groups) {
    report->scenario_begins(plan_of(group.plan));
    for (const TrialResult& trial : group.results.trials) report->trial_ended(trial);
    report->scenario_ended(group.results);
    results.push_back(group.results);
  }
  report->run_ended(info, results);
  if (options.format == OutputFormat::pretty && !options.quiet) {
    context.out << "judged again from the recording";
    if (gathered.compared != 0) {
      context.out << "; " << gathered.equal << " of " << gathered.compared << " as the run had judged";
    }
    context.out << '\n';
  }
  const int filed = write_report_files(
      context, options.files, [&] { return results_junit(info, results); },
      [&] { return results_json(info, results); });
  return worse_of(exit_code(results), filed);
}

}  // namespace

int replay_command(const CommandContext& context, const Arguments& arguments) {
  ReplayOptions options;
  std::optional<std::string> format;
  ReportFilesWords files;
  ArgumentParser parser(context,
                        {"replay EVENTS.JSONL|FOLDER... [OPTIONS]",
                         "Judges recorded trials again, from their events alone: needs no /dev/kvm and no guest image. "
                         "Compares with results.json if it lies beside them. Exit codes are those of run.",
                         "replay ~/.local/state/remapstorm/runs/latest"});
  parser.positional("RECORDING", options.paths, "events.jsonl files, or folders below which they are");
  parser.option("--format", format, "FORMAT", "pretty, ktap or json on standard output (pretty)");
  declare_report_files(parser, files);
  parser.flag("-v,--verbose", options.verbose, "also the statistics of trials that are as expected");
  parser.flag("-q,--quiet", options.quiet, "only the summary and what is not as expected");
  if (const auto over = parse_or_finish(parser, context, arguments)) return *over;
  if (options.verbose && options.quiet) {
    return report_error(context, usage_error("-v and -q ask for opposite things", "give one of them"));
  }
  if (format) {
    const Result<OutputFormat> chosen = parse_format(*format);
    if (!chosen.ok()) return report_error(context, chosen.error());
    options.format = *chosen;
  }
  const Result<ReportFiles> wanted = check_report_files(files);
  if (!wanted.ok()) return report_error(context, wanted.error());
  options.files = *wanted;
  if (const Status places = check_places(options.files); !places.ok()) return report_error(context, places.error());
  Result<Gathered> gathered = gather(options.paths);
  if (!gathered.ok()) return report_error(context, gathered.error());
  return report_all(context, options, *gathered);
}

}  // namespace remapstorm
