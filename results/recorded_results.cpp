// SPDX-License-Identifier: Apache-2.0
#include "results/recorded_results.h"

#include <filesystem>
#include <limits>

#include "results/run_json_reader.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLevels = 4;  // SCENARIO/STRATEGY/trial-N below the run's folder

}  // namespace

Result<RecordedResults> read_recorded_results(const std::string& path) {
  RunRecord run;
  RS_TRY(read_results(path, run, std::numeric_limits<std::size_t>::max()));
  RecordedResults results;
  for (const RecordedTrial& trial : run.trials) {
    if (!trial.directory.empty()) results[trial.directory] = {trial.verdict, trial.ok, outcome_of(trial)};
  }
  return results;
}

std::string results_beside(const std::string& folder) {
  std::error_code error;
  fs::path at = fs::weakly_canonical(folder, error);
  for (int level = 0; level < kMostLevels && !at.empty(); ++level) {
    const fs::path candidate = at / "results.json";
    if (fs::is_regular_file(candidate, error)) return candidate.string();
    if (at == at.parent_path()) break;
    at = at.parent_path();
  }
  return {};
}

}  // namespace remapstorm
