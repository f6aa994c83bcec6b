// SPDX-License-Identifier: Apache-2.0
#include "results/run_json_reader.h"

#include <fstream>
#include <limits>

#include "base/input_file.h"
#include "results/run_json.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr int kTrialDepth = 2;  // of an object in the list "results" of the file
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMostTexts = 200;

std::vector<std::string> texts(const JsonFields& fields, const char* key) {
  std::vector<std::string> list;
  for (const Json& item : fields.array_or_empty(key)) {
    if (item.is_string() && list.size() < kMostTexts) list.push_back(item.get<std::string>());
  }
  return list;
}

void read_evidence(const JsonFields& fields, RecordedTrial& trial, std::string& problem) {
  const JsonFields evidence(fields.object_or_empty("evidence"), problem);
  const Json& findings = evidence.array_or_empty("findings");
  if (!findings.empty()) {
    const JsonFields first(findings.front(), problem);
    const auto verdict = verdict_from_name(first.text_or("verdict", {}));
    if (verdict && verdict == trial.verdict) {
      trial.summary = first.text_or("summary", {});
      trial.fingerprint = first.text_or("fingerprint", {});
    }
  }
  if (!evidence.has("statistics") || !fields.object_or_empty("evidence").at("statistics").is_object()) return;
  const JsonFields statistics(evidence.object_or_empty("statistics"), problem);
  trial.break_to_make = statistics.has("break_to_make");
  const JsonFields windows(statistics.object_or_empty(trial.break_to_make ? "break_to_make" : "windows"), problem);
  if (windows.has("count")) trial.windows.count = windows.unsigned64("count");
  if (trial.windows.count == 0) return;
  trial.windows.p50 = Nanoseconds(windows.integer_or("p50_ns", 0, kMost, 0));
  trial.windows.max = Nanoseconds(windows.integer_or("max_ns", 0, kMost, 0));
}

RecordedTrial recorded_trial_from(const Json& json, std::string& problem) {
  const JsonFields fields(json, problem);
  RecordedTrial trial;
  trial.scenario = fields.text_or("scenario", {});
  trial.strategy = fields.text_or("strategy", {});
  trial.flavour = fields.text_or("flavour", {});
  trial.trial = static_cast<std::uint64_t>(fields.integer_or("trial", 0, kMost, 0));
  trial.attempt = static_cast<std::uint64_t>(fields.integer_or("attempt", 1, kMost, 1));
  trial.expected = verdict_from_name(fields.text_or("expected", {}));
  if (!fields.has("verdict") || !json.at("verdict").is_null()) {
    const std::string name = fields.text("verdict");
    trial.verdict = verdict_from_name(name);
    if (!trial.verdict) fields.fail("verdict", "is unknown: " + name);
  }
  trial.ok = fields.flag("ok");
  trial.booted = fields.flag("booted");
  trial.duration = Nanoseconds(fields.integer_or("duration_ns", 0, kMost, 0));
  trial.boot = Nanoseconds(fields.integer_or("boot_ns", 0, kMost, 0));
  trial.reasons = texts(fields, "reasons");
  trial.differences = texts(fields, "differences");
  trial.notes = texts(fields, "notes");
  trial.directory = fields.text_or("directory", {});
  trial.repeat = fields.text_or("repeat", {});
  if (fields.has("error") && json.at("error").is_object()) {
    const JsonFields error(json.at("error"), problem);
    trial.error = error.text_or("message", {});
    trial.hint = error.text_or("hint", {});
  }
  read_evidence(fields, trial, problem);
  return trial;
}

void read_head(const Json& json, RunRecord& run, std::string& problem) {
  const JsonFields fields(json, problem);
  const JsonFields program(fields.object_or_empty("remapstorm"), problem);
  run.version = program.text_or("version", {});
  run.started_at = program.text_or("started_at", run.started_at);
  const JsonFields host(fields.object_or_empty("host"), problem);
  run.host = {host.text_or("kind", {}), host.text_or("kvm", {}), host.text_or("kernel", {}), host.text_or("cpu", {}),
              host.text_or("architecture", {})};
  const JsonFields guest(fields.object_or_empty("guest"), problem);
  run.guest.flavour = guest.text_or("flavour", {});
  run.guest.kernel_version = guest.text_or("kernel_version", {});
  run.guest.hash = guest.text_or("hash", {});
  run.guest.config_sha256 = guest.text_or("config_sha256", {});
  run.guest.series_sha256 = guest.text_or("series_sha256", {});
  run.guest.vmlinux_sha256 = guest.text_or("vmlinux_sha256", {});
  run.guest.initramfs_sha256 = guest.text_or("initramfs_sha256", {});
}

}  // namespace

Status read_results(const std::string& path, RunRecord& run, std::size_t most) {
  RS_ASSIGN(std::ifstream in, open_input_file(path));
  std::string problem;
  bool in_results = false;
  // Each trial is taken as soon as it is whole, and the parser forgets it.
  const auto take = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth == 1 && event == Json::parse_event_t::key) in_results = parsed == "results";
    if (!in_results || depth != kTrialDepth || event != Json::parse_event_t::object_end) return true;
    if (run.trials.size() < most) {
      run.trials.push_back(recorded_trial_from(parsed, problem));
    } else {
      ++run.trials_left_out;
    }
    return false;
  };
  if (json_nests_too_deeply(in)) return usage_error(path + ": nested deeper than results of remapstorm are");
  const Json json = Json::parse(in, take, false);
  if (json.is_discarded()) return usage_error(path + ": not JSON, or cut in the middle");
  const JsonFields fields(json, problem);
  if (!fields.has("schema")) return usage_error(path + ": no results of remapstorm: it has no schema");
  std::string wrong;
  const std::int64_t schema = JsonFields(json, wrong).integer("schema", 0, 1'000'000);
  if (!wrong.empty() || (schema < kOldestResultsSchema || schema > kResultsSchema)) {
    return usage_error(path + ": results of schema " + to_line(json.at("schema")) + "; this remapstorm reads schemas " +
                       std::to_string(kOldestResultsSchema) + " to " + std::to_string(kResultsSchema));
  }
  if (schema == kOldestResultsSchema) {
    for (RecordedTrial& trial : run.trials) trial.break_to_make = true;
  }
  static_cast<void>(fields.array_or_empty("results"));  // complains of anything else
  read_head(json, run, problem);
  if (!problem.empty()) return usage_error(path + ": " + problem);
  return {};
}

}  // namespace remapstorm
