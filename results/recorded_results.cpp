// SPDX-License-Identifier: Apache-2.0
#include "results/recorded_results.h"

#include <filesystem>
#include <fstream>

#include "base/input_file.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

// 1: `windows` was from break to make, and p99_ns a number always.
constexpr int kResultsSchema = 2, kOldestResultsSchema = 1;
constexpr int kMostLevels = 4;  // SCENARIO/STRATEGY/trial-N below the run's folder

RecordedResult result_from(const Json& json, std::string& problem) {
  RecordedResult result;
  const JsonFields fields(json, problem);
  result.ok = fields.boolean_or("ok", false);
  if (fields.has("verdict") && json.at("verdict").is_null()) {
    result.outcome = "not run";
    return result;
  }
  const std::string name = fields.text("verdict");
  result.verdict = verdict_from_name(name);
  if (!result.verdict) fields.fail("verdict", "is unknown: " + name);
  result.outcome = name;
  const JsonFields evidence(fields.object_or_empty("evidence"), problem);
  const Json& findings = evidence.array_or_empty("findings");
  if (findings.empty()) return result;
  const JsonFields first(findings.front(), problem);
  const std::string fingerprint = first.text_or("fingerprint", {});
  if (first.text_or("verdict", {}) == name && !fingerprint.empty()) result.outcome += ", " + fingerprint;
  return result;
}

}  // namespace

Result<RecordedResults> read_recorded_results(const std::string& path) {
  RS_ASSIGN(std::ifstream in, open_input_file(path));
  const Json json = parse_json(in);
  if (json.is_discarded()) return usage_error(path + ": not JSON");
  std::string problem;
  const JsonFields fields(json, problem);
  const std::int64_t schema = fields.integer("schema", 0, 1'000'000);
  if (problem.empty() && (schema < kOldestResultsSchema || schema > kResultsSchema)) {
    return usage_error(path + ": results of schema " + std::to_string(schema) + "; this remapstorm reads schemas " +
                       std::to_string(kOldestResultsSchema) + " to " + std::to_string(kResultsSchema));
  }
  RecordedResults results;
  for (const Json& item : fields.array_or_empty("results")) {
    const std::string directory = JsonFields(item, problem).text_or("directory", {});
    RecordedResult result = result_from(item, problem);
    if (!directory.empty()) results[directory] = std::move(result);
  }
  if (!problem.empty()) return usage_error(path + ": " + problem);
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
