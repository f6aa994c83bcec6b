// SPDX-License-Identifier: Apache-2.0
#include "results/sweep_journal.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/names.h"
#include "results/sweep_trial_json.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr int kSweepJournal = 1;
constexpr const char* kOfSweep = "sweep";
constexpr int kLargestExitCode = 255;
constexpr std::int64_t kLongest = std::int64_t{1} << 60;

Json sweep_entry_of(const SweepTrial& trial) {
  Json json = sweep_trial_to_json(trial);
  json.update({{"scenario", trial.cell.scenario},
               {"strategy", trial.cell.strategy},
               {"flavour", trial.cell.flavour},
               {"host", trial.cell.host},
               {"expected", verdict_name(trial.expected)}});
  return json;
}

Verdict verdict_from(const JsonFields& fields, const char* key) {
  const auto verdict = verdict_from_name(fields.text(key));
  if (!verdict) fields.fail(key, "is no verdict");
  return verdict.value_or(Verdict::error);
}

SweepTrial read_sweep_entry(const Json& json, std::string& problem) {
  const JsonFields fields(json, problem);
  SweepTrial trial;
  trial.cell = {fields.text("scenario"), fields.text("strategy"), fields.text("flavour"), fields.text("host")};
  trial.seed = fields.unsigned64("seed");
  trial.verdict = verdict_from(fields, "verdict");
  trial.expected = verdict_from(fields, "expected");
  trial.ok = fields.flag("ok");
  trial.exit_code = static_cast<int>(fields.integer("exit_code", 0, kLargestExitCode));
  if (trial.ok != (trial.exit_code == 0)) fields.fail("exit_code", "contradicts ok");
  trial.reason = fields.text("reason");
  for (const Json& one : fields.array_or_empty("differences")) {
    if (one.is_string()) trial.differences.push_back(one.get<std::string>());
  }
  trial.fingerprint = fields.text("fingerprint");
  trial.duration = Nanoseconds(fields.integer("duration_ns", 0, kLongest));
  trial.repeat = fields.text("repeat");
  trial.events = fields.text("events");
  return trial;
}

Json sweep_header_of(const SweepIdentity& identity) {
  Json names = Json::object();
  for (const auto& [name, value] : identity) names[name] = value;
  return {{"journal", kSweepJournal}, {"sweep", std::move(names)}};
}

// What keeps the journal's trials from being of this sweep; empty: nothing.
std::string sweep_difference(const Json& header, const SweepIdentity& identity) {
  std::string problem;
  const JsonFields fields(header, problem);
  if (fields.integer("journal", 0, 1 << 20) != kSweepJournal || !problem.empty()) return "it is of another version";
  const Json& theirs = fields.object_or_empty("sweep");
  for (const auto& [name, value] : identity) {
    const auto found = theirs.find(name);
    if (found != theirs.end() && *found == value) continue;
    const bool text = found != theirs.end() && found->is_string();
    return "the " + name + " differ: " + (text ? found->get<std::string>() : "none") + " there, " + value + " here";
  }
  return {};
}

bool belongs(const SweepTrial& trial, const SweepMatrix& matrix) {
  return contains(matrix.scenarios, trial.cell.scenario) && contains(matrix.strategies, trial.cell.strategy) &&
         contains(matrix.flavours, trial.cell.flavour) && contains(matrix.hosts, trial.cell.host) && trial.seed >= 1 &&
         trial.seed <= matrix.seeds;
}

class Reader {
 public:
  Reader(const std::string& path, const SweepMatrix& matrix, std::optional<std::string> host,
         const SweepIdentity& identity)
      : path_(path), matrix_(matrix), host_(std::move(host)), identity_(identity) {}

  Status line(std::size_t number, std::string_view text) {
    const std::string hint = "begin in another --output-dir";
    const Json json = parse_json(text);
    if (number == 0) {
      const std::string refused =
          json.is_object() ? sweep_difference(json, identity_) : "it is not the journal of a sweep";
      if (!refused.empty()) return usage_error("cannot go on with " + path_ + ": " + refused, hint);
      return {};
    }
    std::string problem;
    SweepTrial trial = read_sweep_entry(json, problem);
    if (!problem.empty()) return usage_error(path_ + " is damaged: " + problem, hint);
    if (host_) trial.cell.host = *host_;
    if (!belongs(trial, matrix_)) return {};
    // A trial that was made again, because the first failed for a reason of the host, replaces it.
    const auto [known, added] = places_.try_emplace({name_of(trial.cell), trial.seed}, trials_.size());
    if (added) {
      trials_.push_back(std::move(trial));
    } else {
      trials_[known->second] = std::move(trial);
    }
    return {};
  }
  [[nodiscard]] auto lines() {
    return [this](std::size_t number, std::string_view text) { return line(number, text); };
  }
  std::vector<SweepTrial> take() { return std::move(trials_); }

 private:
  const std::string& path_;
  const SweepMatrix& matrix_;
  std::optional<std::string> host_;
  const SweepIdentity& identity_;
  std::map<std::pair<std::string, std::uint64_t>, std::size_t> places_;
  std::vector<SweepTrial> trials_;
};

}  // namespace

Result<SweepJournal> SweepJournal::create(const std::string& path, const SweepIdentity& identity) {
  RS_ASSIGN(LineJournal lines, LineJournal::create(path, kOfSweep, to_line(sweep_header_of(identity))));
  return SweepJournal(std::move(lines));
}

Result<SweepJournal> SweepJournal::resume(const std::string& path, const SweepIdentity& identity,
                                          const SweepMatrix& matrix, std::vector<SweepTrial>& trials) {
  Reader reader(path, matrix, {}, identity);
  RS_ASSIGN(LineJournal lines, LineJournal::resume(path, kOfSweep, reader.lines()));
  trials = reader.take();
  return SweepJournal(std::move(lines));
}

Result<std::vector<SweepTrial>> SweepJournal::read(const std::string& path, const SweepMatrix& matrix,
                                                   const std::string& host) {
  const SweepIdentity any;
  Reader reader(path, matrix, host, any);
  RS_ASSIGN([[maybe_unused]] const std::size_t whole, LineJournal::read(path, kOfSweep, reader.lines()));
  return reader.take();
}

Status SweepJournal::add(const SweepTrial& trial) { return lines_.add(to_line(sweep_entry_of(trial))); }

}  // namespace remapstorm
