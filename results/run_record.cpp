// SPDX-License-Identifier: Apache-2.0
#include "results/run_record.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "results/certificate_json.h"
#include "results/replayer.h"
#include "results/run_json_reader.h"
#include "results/sweep_reader.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostReplayed = 200;

// "20261123T053120Z-irq-same-cpu" was begun at "2026-11-23T05:31:20Z"; empty if the name does not say so.
std::string time_from_name(const std::string& name) {
  static constexpr std::string_view kShape =
      "dddddddd"
      "T"
      "dddddd"
      "Z";
  if (name.size() < kShape.size()) return {};
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = name[i] >= '0' && name[i] <= '9';
    if (kShape[i] == 'd' ? !digit : name[i] != kShape[i]) return {};
  }
  return name.substr(0, 4) + "-" + name.substr(4, 2) + "-" + name.substr(6, 2) + "T" + name.substr(9, 2) + ":" +
         name.substr(11, 2) + ":" + name.substr(13, 2) + "Z";
}

RecordedTrial trial_of(const Replayed& replayed, const std::string& directory) {
  const TrialResult& result = replayed.result;
  RecordedTrial trial;
  trial.scenario = result.scenario;
  trial.strategy = result.strategy;
  trial.flavour = result.flavour;
  trial.trial = result.trial;
  trial.expected = result.expected;
  trial.verdict = result.verdict;
  trial.ok = result.ok;
  trial.duration = result.duration;
  trial.reasons = result.reasons;
  trial.differences = result.differences;
  trial.notes = result.judgement.notes;
  if (result.error) {
    trial.error = result.error->message;
    trial.hint = result.error->hint;
  }
  const auto& findings = result.judgement.findings;
  if (!findings.empty() && result.verdict == findings.front().verdict) {
    trial.summary = findings.front().summary;
    trial.fingerprint = findings.front().fingerprint;
  }
  trial.repeat = result.repeat;
  trial.directory = directory;
  const TrialStatistics& statistics = result.judgement.statistics;
  trial.break_to_make = statistics.break_to_make.count != 0;
  trial.windows = trial.break_to_make ? statistics.break_to_make : statistics.windows;
  return trial;
}

// Recordings without a results.json: a run that was killed, or a trial by itself. Judged here.
Result<RunRecord> read_recordings(const std::string& path, RunRecord run) {
  run.kind = RunRecord::Kind::recordings;
  RS_ASSIGN(const std::vector<std::string> recordings, find_recordings(path));
  for (const std::string& recording : recordings) {
    if (run.trials.size() >= kMostReplayed) {
      ++run.trials_left_out;
      continue;
    }
    const Result<Replayed> replayed = replay(recording);
    std::error_code ignored;
    std::string directory = fs::relative(fs::path(recording).parent_path(), run.folder, ignored).generic_string();
    if (!replayed.ok()) {
      run.missing.push_back(replayed.error().message);
      continue;
    }
    if (run.host.kind.empty()) {
      run.host = replayed->plan.host;
      run.guest = replayed->plan.guest;
    }
    run.trials.push_back(trial_of(*replayed, directory));
  }
  if (run.trials.empty()) return usage_error("no recording in " + path + " can be read: " + run.missing.front());
  run.missing.insert(run.missing.begin(), "results.json is missing: the verdicts are judged again from the recordings");
  return run;
}

// Trials with the same outcome count as one line.
void add_trials(RunRecord& run, const Certificate& certificate) {
  std::map<std::string, std::size_t> index;
  for (const ExploredTrial& explored : certificate.trials) {
    const std::string key = explored.inject + "\n" + std::string(verdict_name(explored.verdict)) + explored.fingerprint;
    const auto [place, added] = index.emplace(key, run.trials.size());
    if (!added) {
      ++run.trials[place->second].count;
      continue;
    }
    RecordedTrial trial;
    trial.scenario = "explore " + certificate.window + ", " + explored.inject;
    trial.strategy = certificate.strategy;
    trial.flavour = certificate.flavour;
    trial.verdict = explored.verdict;
    trial.ok = explored.verdict == Verdict::clean;
    trial.summary = explored.reason;
    trial.fingerprint = explored.fingerprint;
    trial.duration = explored.duration;
    trial.repeat = explored.repeat;
    run.trials.push_back(std::move(trial));
  }
}

Result<RunRecord> read_exploration(const std::string& path, RunRecord run) {
  run.kind = RunRecord::Kind::exploration;
  RS_ASSIGN(run.certificate, read_certificate(path));
  const Certificate& certificate = *run.certificate;
  run.started_at = certificate.made_at;
  run.version = certificate.harness;
  run.host = certificate.host;
  run.guest = certificate.guest;
  add_trials(run, certificate);
  return run;
}

}  // namespace

std::string outcome_of(const RecordedTrial& trial) {
  if (!trial.verdict) return "not run";
  std::string outcome(verdict_name(*trial.verdict));
  if (!trial.fingerprint.empty()) outcome += ", " + trial.fingerprint;
  return outcome;
}

bool is_run_folder(const std::string& folder) {
  std::error_code error;
  for (const char* name : {"results.json", "certificate.json", "trials.jsonl", "events.jsonl", "INCOMPLETE"}) {
    if (fs::is_regular_file(fs::path(folder) / name, error)) return true;
  }
  return is_sweep_folder(folder);
}

Result<RunRecord> read_run(const std::string& path) {
  std::error_code error;
  const fs::path at = fs::canonical(path, error);
  if (error) return usage_error("no such file or folder: " + path);
  RunRecord run;
  const bool file = !fs::is_directory(at, error);
  run.folder = (file ? at.parent_path() : at).string();
  run.name = fs::path(run.folder).filename().string();
  run.started_at = time_from_name(run.name);
  if (file) return read_recordings(at.string(), std::move(run));
  const std::string results = (at / "results.json").string(), certificate = (at / "certificate.json").string();
  if (fs::is_regular_file(results, error)) {
    RS_TRY(read_results(results, run));
    return run;
  }
  if (is_sweep_folder(at.string())) {
    RS_TRY(read_sweep(at.string(), run));
    return run;
  }
  if (fs::is_regular_file(certificate, error)) return read_exploration(certificate, std::move(run));
  if (fs::is_regular_file(at / "trials.jsonl", error)) {
    return usage_error(path + " holds an exploration that was not finished: there is no certificate.json yet",
                       "go on with it: explore ... --output-dir " + path + " --resume");
  }
  return read_recordings(at.string(), std::move(run));
}

}  // namespace remapstorm
