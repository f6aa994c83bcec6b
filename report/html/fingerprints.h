// SPDX-License-Identifier: Apache-2.0
// FingerprintIndex: what many runs came to, folded: each way to fail once, with how often, when first and last, and
// where. In the manner of a crash dashboard.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "results/run_record.h"

namespace remapstorm {

struct FingerprintRow {
  std::optional<Verdict> verdict;  // empty: did not run
  std::string fingerprint;         // may be empty
  std::string summary;             // of the newest
  std::uint64_t count = 0;         // trials
  std::uint64_t unexpected = 0;    // of these
  std::uint64_t runs = 0;
  std::string first_seen, last_seen;                             // RFC 3339; empty: not known
  std::string newest_run;                                        // its name
  std::string newest_trial;                                      // its directory within the run
  std::string repeat;                                            // of the newest
  std::set<std::string> scenarios, strategies, flavours, hosts;  // at most kMostNames of each
  std::map<std::string, std::uint64_t> by_day;                   // trials on "2026-11-23"
};

struct RunRow {
  std::string name, started_at, what, host;
  std::map<std::string, std::uint64_t> verdicts;
  std::uint64_t trials = 0, unexpected = 0;
};

class FingerprintIndex {
 public:
  static constexpr std::size_t kMostRows = 2000;
  static constexpr std::size_t kMostRuns = 200;
  static constexpr std::size_t kMostNames = 12;
  static constexpr std::size_t kMostUnreadable = 50;

  void add(const RunRecord& run);
  void add_unreadable(const std::string& folder, const std::string& why);

  // Failures not expected first, then those expected, then what is clean; the most frequent first.
  [[nodiscard]] std::vector<FingerprintRow> rows() const;
  // The newest first.
  [[nodiscard]] std::vector<RunRow> runs() const;
  [[nodiscard]] std::uint64_t run_count() const { return run_count_; }
  [[nodiscard]] std::uint64_t trial_count() const { return trial_count_; }
  [[nodiscard]] std::uint64_t rows_left_out() const { return rows_left_out_; }
  [[nodiscard]] const std::vector<std::string>& unreadable() const { return unreadable_; }
  [[nodiscard]] std::uint64_t unreadable_count() const { return unreadable_count_; }

 private:
  std::map<std::string, FingerprintRow> rows_;
  std::vector<RunRow> runs_;
  std::uint64_t run_count_ = 0, trial_count_ = 0, rows_left_out_ = 0, unreadable_count_ = 0;
  std::vector<std::string> unreadable_;
};

}  // namespace remapstorm
