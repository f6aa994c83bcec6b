// SPDX-License-Identifier: Apache-2.0
#include "report/html/fingerprints.h"

#include <algorithm>

namespace remapstorm {
namespace {

constexpr std::size_t kMostDays = 400;

void note(std::set<std::string>& names, const std::string& name) {
  if (name.empty()) return;
  if (names.size() < FingerprintIndex::kMostNames) {
    names.insert(name.substr(0, 200));
  } else if (!names.contains(name)) {
    names.insert("...");
  }
}

// 0: unexpected, 1: expected failures, 2: clean.
int rank(const FingerprintRow& row) {
  if (row.unexpected != 0) return 0;
  return row.verdict == Verdict::clean ? 2 : 1;
}

// Unknown times are older than any.
bool newer(const std::string& a, const std::string& b) { return a > b; }

}  // namespace

void FingerprintIndex::add(const RunRecord& run) {
  ++run_count_;
  RunRow line{run.name, run.started_at, {}, run.host.kind, {}, 0, 0};
  std::set<std::string> scenarios;
  std::set<std::string> seen;
  for (const RecordedTrial& trial : run.trials) {
    trial_count_ += trial.count;
    line.trials += trial.count;
    // Explorations expect nothing of a point.
    const bool unexpected = !trial.ok && run.kind != RunRecord::Kind::exploration;
    if (unexpected) line.unexpected += trial.count;
    line.verdicts[trial.verdict ? std::string(verdict_name(*trial.verdict)) : "not run"] += trial.count;
    note(scenarios, trial.scenario);
    const std::string key = outcome_of(trial);
    auto place = rows_.find(key);
    if (place == rows_.end()) {
      if (rows_.size() >= kMostRows) {
        ++rows_left_out_;
        continue;
      }
      place = rows_.emplace(key, FingerprintRow{}).first;
      place->second.verdict = trial.verdict;
      place->second.fingerprint = trial.fingerprint;
    }
    FingerprintRow& row = place->second;
    if (seen.insert(key).second) ++row.runs;
    row.count += trial.count;
    if (unexpected) row.unexpected += trial.count;
    if (!run.started_at.empty()) {
      if (row.first_seen.empty() || newer(row.first_seen, run.started_at)) row.first_seen = run.started_at;
      if (row.by_day.size() < kMostDays) row.by_day[run.started_at.substr(0, 10)] += trial.count;
    }
    if (row.newest_run.empty() || newer(run.started_at, row.last_seen)) {
      row.last_seen = run.started_at;
      row.newest_run = run.name;
      row.newest_trial = trial.directory;
      row.summary = !trial.summary.empty()  ? trial.summary
                    : !trial.error.empty()  ? trial.error
                    : trial.reasons.empty() ? std::string()
                                            : trial.reasons.front();
      row.repeat = trial.repeat;
    }
    note(row.scenarios, trial.scenario);
    note(row.strategies, trial.strategy);
    note(row.flavours, trial.flavour);
    note(row.hosts, run.host.kind);
  }
  for (const std::string& name : scenarios) line.what += (line.what.empty() ? "" : ", ") + name;
  runs_.push_back(std::move(line));
  if (runs_.size() > 2 * kMostRuns) runs_ = runs();
}

void FingerprintIndex::add_unreadable(const std::string& folder, const std::string& why) {
  ++unreadable_count_;
  if (unreadable_.size() < kMostUnreadable) unreadable_.push_back(folder + ": " + why);
}

std::vector<FingerprintRow> FingerprintIndex::rows() const {
  std::vector<FingerprintRow> rows;
  for (const auto& [key, row] : rows_) rows.push_back(row);
  std::stable_sort(rows.begin(), rows.end(), [](const FingerprintRow& a, const FingerprintRow& b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return a.count > b.count;
  });
  return rows;
}

std::vector<RunRow> FingerprintIndex::runs() const {
  std::vector<RunRow> newest = runs_;
  std::stable_sort(newest.begin(), newest.end(), [](const RunRow& a, const RunRow& b) {
    return a.started_at != b.started_at ? newer(a.started_at, b.started_at) : a.name > b.name;
  });
  if (newest.size() > kMostRuns) newest.resize(kMostRuns);
  return newest;
}

}  // namespace remapstorm
