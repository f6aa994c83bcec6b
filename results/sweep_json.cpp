// SPDX-License-Identifier: Apache-2.0
// sweep.json, schema 1: docs/sweep.md names every field.
#include "results/sweep_json.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "results/sweep_summary.h"
#include "results/sweep_trial_json.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

Json cell_to_json(const Sweep& sweep, const SweepCell& cell) {
  Json json = {{"scenario", cell.scenario}, {"strategy", cell.strategy}, {"flavour", cell.flavour},
               {"host", cell.host},         {"expected", nullptr},       {"counts", Json::array()},
               {"not_run", nullptr},        {"trials", Json::array()}};
  for (const SweepCount& one : counts_of(sweep, cell)) {
    json["counts"].push_back({{"word", one.word}, {"count", one.count}, {"unexpected", one.unexpected}});
  }
  for (const SweepTrial* trial : sweep.trials_of(cell)) {
    json["expected"] = verdict_name(trial->expected);
    json["trials"].push_back(sweep_trial_to_json(*trial));
  }
  if (json["trials"].size() < sweep.matrix.seeds) {
    const SweepGap* gap = sweep.gap_of(cell);
    json["not_run"] = {{"reason", missing_reason(sweep, cell)},
                       {"hint", gap != nullptr ? gap->why.hint : ""},
                       {"unavailable", gap != nullptr && gap->why.kind == ErrorKind::unavailable}};
  }
  return json;
}

}  // namespace

Result<std::vector<SweepGap>> read_sweep_gaps(const std::string& path, const std::string& host) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return usage_error(path + " cannot be read");
  const Json json = parse_json(in);
  std::string problem;
  const JsonFields fields(json, problem);
  if (fields.integer("schema", 0, 1 << 20) != kSweepSchema && problem.empty()) problem = "it has another schema";
  std::vector<SweepGap> gaps;
  for (const Json& one : fields.array_or_empty("cells")) {
    const JsonFields cell(one, problem);
    if (!cell.has("not_run") || one.at("not_run").is_null()) continue;
    const JsonFields why(one.at("not_run"), problem);
    Error error = host_error(why.text("reason"), why.text("hint"));
    if (why.flag("unavailable")) error.kind = ErrorKind::unavailable;
    gaps.push_back({{cell.text("scenario"), cell.text("strategy"), cell.text("flavour"), host}, std::move(error)});
  }
  if (!problem.empty()) return usage_error(path + " is not a sweep of ours: " + problem);
  return gaps;
}

std::string sweep_json(const Sweep& sweep) {
  Json cells = Json::array();
  for (const SweepCell& cell : sweep.cells.made) cells.push_back(cell_to_json(sweep, cell));
  const Json json = {
      {"schema", kSweepSchema},
      {"remapstorm", {{"version", sweep.version}, {"started_at", sweep.started_at}, {"took_ns", sweep.took.count()}}},
      {"host",
       {{"kind", sweep.host.kind},
        {"architecture", sweep.host.architecture},
        {"kernel", sweep.host.kernel},
        {"cpu", sweep.host.cpu}}},
      {"matrix",
       {{"scenarios", sweep.matrix.scenarios},
        {"strategies", sweep.matrix.strategies},
        {"flavours", sweep.matrix.flavours},
        {"hosts", sweep.matrix.hosts},
        {"seeds", sweep.matrix.seeds},
        {"not_made_for", sweep.cells.not_made_for}}},
      {"summary",
       {{"text", sweep_summary(sweep)}, {"interrupted", sweep.interrupted}, {"exit_code", sweep_exit_code(sweep)}}},
      {"cells", std::move(cells)}};
  return to_line(json, 2) + "\n";
}

}  // namespace remapstorm
