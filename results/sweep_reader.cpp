// SPDX-License-Identifier: Apache-2.0
#include "results/sweep_reader.h"

#include <filesystem>
#include <fstream>
#include <limits>

#include "results/sweep_json.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostSeeds = 1'000'000;
constexpr std::int64_t kLongestNs = std::numeric_limits<std::int64_t>::max();

void put(RunRecord& run, RecordedTrial trial) {
  if (run.trials.size() < RunRecord::kMostTrials) {
    run.trials.push_back(std::move(trial));
  } else {
    ++run.trials_left_out;
  }
}

// `fields`: of a cell, or of a line of sweep.jsonl, which has both.
RecordedTrial of_cell(const Json& json, std::string& problem) {
  const JsonFields fields(json, problem);
  RecordedTrial trial;
  trial.scenario = fields.text("scenario");
  trial.strategy = fields.text("strategy");
  trial.flavour = fields.text("flavour");
  const std::string host = fields.text("host");
  if (host != "kvm") trial.flavour += ", " + host;
  // null: no trial of the cell ran.
  if (fields.has("expected") && json.at("expected").is_string()) {
    trial.expected = verdict_from_name(json.at("expected").get<std::string>());
  }
  return trial;
}

RecordedTrial of_trial(RecordedTrial trial, const JsonFields& fields) {
  trial.seed = static_cast<std::uint64_t>(fields.integer("seed", 0, kLongestNs));
  trial.verdict = verdict_from_name(fields.text("verdict"));
  if (!trial.verdict) fields.fail("verdict", "is unknown: " + fields.text("verdict"));
  trial.ok = fields.flag("ok");
  trial.duration = Nanoseconds(fields.integer_or("duration_ns", 0, kLongestNs, 0));
  trial.reasons = {fields.text_or("reason", {})};
  for (const Json& one : fields.array_or_empty("differences")) {
    if (one.is_string()) trial.differences.push_back(one.get<std::string>());
  }
  trial.fingerprint = fields.text_or("fingerprint", {});
  trial.repeat = fields.text_or("repeat", {});
  trial.directory = fields.text_or("events", {});
  return trial;
}

void read_cell(const Json& json, std::int64_t seeds, RunRecord& run, std::string& problem) {
  const JsonFields fields(json, problem);
  const RecordedTrial cell = of_cell(json, problem);
  std::int64_t ran = 0;
  for (const Json& one : fields.array_or_empty("trials")) {
    put(run, of_trial(cell, JsonFields(one, problem)));
    ++ran;
  }
  if (!fields.has("not_run") || !json.at("not_run").is_object()) return;
  const JsonFields why(json.at("not_run"), problem);
  RecordedTrial missing = cell;
  missing.error = why.text("reason");
  missing.hint = why.text_or("hint", {});
  for (; ran < seeds && problem.empty(); ++ran) put(run, missing);
}

Status read_table(const std::string& path, RunRecord& run) {
  std::ifstream in(path, std::ios::binary);
  const Json json = Json::parse(in, nullptr, false);
  if (json.is_discarded()) return usage_error(path + ": not JSON");
  std::string problem;
  const JsonFields fields(json, problem);
  if (fields.integer("schema", 0, 1'000'000) != kSweepSchema) return usage_error(path + ": a sweep of another schema");
  const JsonFields program(fields.object_or_empty("remapstorm"), problem);
  run.version = program.text_or("version", {});
  run.started_at = program.text_or("started_at", run.started_at);
  const JsonFields host(fields.object_or_empty("host"), problem);
  run.host = {host.text_or("kind", {}),
              {},
              host.text_or("kernel", {}),
              host.text_or("cpu", {}),
              host.text_or("architecture", {})};
  const JsonFields matrix(fields.object_or_empty("matrix"), problem);
  const std::int64_t seeds = matrix.integer("seeds", 1, kMostSeeds);
  for (const Json& cell : fields.array_or_empty("cells")) read_cell(cell, seeds, run, problem);
  return problem.empty() ? Status() : usage_error(path + ": " + problem);
}

Status read_journal(const std::string& path, RunRecord& run) {
  run.missing.emplace_back("the sweep was not finished: there is no sweep.json, and only trials that ended are shown");
  std::ifstream in(path, std::ios::binary);
  std::string line;
  for (std::size_t number = 0; std::getline(in, line); ++number) {
    if (number == 0) continue;  // what is swept
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded() && in.eof()) break;  // cut
    std::string problem;
    const JsonFields fields(json, problem);
    put(run, of_trial(of_cell(json, problem), fields));
    if (!problem.empty()) return usage_error(path + ": line " + std::to_string(number + 1) + ": " + problem);
  }
  return {};
}

}  // namespace

bool is_sweep_folder(const std::string& folder) {
  std::error_code error;
  return fs::is_regular_file(folder + "/sweep.json", error) || fs::is_regular_file(folder + "/sweep.jsonl", error);
}

Status read_sweep(const std::string& folder, RunRecord& run) {
  run.kind = RunRecord::Kind::sweep;
  std::error_code error;
  const std::string table = folder + "/sweep.json";
  return fs::is_regular_file(table, error) ? read_table(table, run) : read_journal(folder + "/sweep.jsonl", run);
}

}  // namespace remapstorm
