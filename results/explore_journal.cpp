// SPDX-License-Identifier: Apache-2.0
#include "results/explore_journal.h"

#include <algorithm>

#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr int kExploreSchema = 2;
constexpr const char* kOfExploration = "exploration";
constexpr std::int64_t kMostBoundaries = 1 << 24;

Json journal_taken_of(const TakenAt& taken) {
  Json json = {{"pc", hex(taken.pc.value)},
               {"symbol", taken.symbol},
               {"offset", taken.offset},
               {"context", taken.context},
               {"exact", taken.exact}};
  if (taken.boundary) json["boundary"] = *taken.boundary;
  return json;
}

Json explore_entry_of(const ExploredTrial& trial) {
  Json taken = Json::array();
  for (const TakenAt& one : trial.taken) taken.push_back(journal_taken_of(one));
  Json json = {{"boundary", trial.boundary},
               {"inject", trial.inject},
               {"verdict", verdict_name(trial.verdict)},
               {"taken", std::move(taken)},
               {"reason", trial.reason},
               {"fingerprint", trial.fingerprint},
               {"duration_ns", trial.duration.count()},
               {"repeat", trial.repeat},
               {"events", trial.events}};
  if (trial.second) {
    json["second"] = *trial.second;
    json["second_raised"] = trial.second_raised;
  }
  if (trial.repetitions != 0) json["repetitions"] = trial.repetitions;
  if (!trial.differing.empty()) json["differing"] = trial.differing;
  return json;
}

std::size_t journal_boundary_from(const JsonFields& fields, const char* name, const Certificate& certificate) {
  return static_cast<std::size_t>(
      fields.integer(name, 0, static_cast<std::int64_t>(certificate.boundaries.size()) - 1));
}

void read_explore_entry(const Json& json, Certificate& certificate, std::string& problem) {
  const JsonFields fields(json, problem);
  ExploredTrial trial;
  trial.boundary = journal_boundary_from(fields, "boundary", certificate);
  trial.inject = fields.text("inject");
  if (fields.has("second")) {
    trial.second = journal_boundary_from(fields, "second", certificate);
    trial.second_raised = fields.flag("second_raised");
    if (*trial.second <= trial.boundary) fields.fail("second", "does not come after boundary");
  }
  const auto verdict = verdict_from_name(fields.text("verdict"));
  if (!verdict) fields.fail("verdict", "is no verdict");
  trial.verdict = verdict.value_or(Verdict::error);
  for (const Json& one : fields.array_or_empty("taken")) {
    const JsonFields at(one, problem);
    TakenAt taken{at.gva("pc"), at.text("symbol"),  at.unsigned64("offset"),
                  std::nullopt, at.text("context"), at.flag("exact")};
    if (at.has("boundary")) taken.boundary = static_cast<std::size_t>(at.integer("boundary", 0, kMostBoundaries));
    trial.taken.push_back(std::move(taken));
  }
  trial.repetitions = static_cast<std::size_t>(fields.integer_or("repetitions", 0, kMostBoundaries, 0));
  for (const Json& one : fields.array_or_empty("differing")) {
    if (one.is_string()) trial.differing.push_back(one.get<std::string>());
  }
  trial.reason = fields.text("reason");
  trial.fingerprint = fields.text("fingerprint");
  trial.duration = Nanoseconds(fields.integer("duration_ns", 0, std::numeric_limits<std::int64_t>::max()));
  trial.repeat = fields.text("repeat");
  trial.events = fields.text("events");
  if (problem.empty()) certificate.trials.push_back(std::move(trial));
}

Json explore_header_of(const Certificate& certificate) {
  Json identity = Json::object(), boundaries = Json::array();
  for (const auto& [name, value] : identity_of(certificate)) identity[name] = value;
  for (const Boundary& one : certificate.boundaries) {
    boundaries.push_back({hex(one.pc.value), one.visit, one.interrupts_on, entry_state_name(one.entry)});
  }
  return {{"journal", kExploreSchema}, {"identity", std::move(identity)}, {"boundaries", std::move(boundaries)}};
}

// What keeps the journal's trials from being of this certificate; empty: nothing.
std::string explore_difference(const Json& header, const Certificate& certificate) {
  if (!header.is_object() || header.value("journal", 0) != kExploreSchema) return "it is of another version";
  const Json mine = explore_header_of(certificate);
  std::string problem;
  const Json& theirs = JsonFields(header, problem).object_or_empty("identity");
  for (const auto& [name, value] : mine["identity"].items()) {
    const auto found = theirs.find(name);
    if (found == theirs.end() || *found != value) {
      return "the " + name +
             " differs: " + (found != theirs.end() && found->is_string() ? found->get<std::string>() : "none") +
             " there, " + value.get<std::string>() + " here";
    }
  }
  if (header.value("boundaries", Json()) != mine["boundaries"]) return "the window's boundaries differ";
  return {};
}

}  // namespace

ExplorationIdentity identity_of(const Certificate& certificate) {
  std::string workloads, injections;
  for (const std::string& one : certificate.workloads) workloads += (workloads.empty() ? "" : "; ") + one;
  for (std::size_t i = 0; i < certificate.injections.size(); ++i) {
    injections += (injections.empty() ? "" : "; ") + certificate.injections[i];
    if (i < certificate.injection_notes.size()) injections += " (" + certificate.injection_notes[i] + ")";
  }
  std::string pairs = certificate.pairs.empty() ? "none" : "stride " + std::to_string(certificate.stride);
  for (const std::string& one : certificate.pairs) pairs += "; " + one;
  return {
      {"window", certificate.window},
      {"opening", std::to_string(certificate.nth)},
      {"strategy", certificate.strategy},
      {"calls", certificate.calls_followed ? "follow" : "over"},
      {"executions of each point", std::to_string(certificate.executions)},
      {"injections", injections},
      {"pairs", pairs},
      {"workloads", workloads},
      {"cpus", std::to_string(certificate.cpus)},
      {"memory", std::to_string(certificate.memory)},
      {"words for the guest's command line", certificate.append},
      {"kernel", certificate.guest.vmlinux_sha256.empty() ? certificate.guest.hash : certificate.guest.vmlinux_sha256},
      {"initramfs", certificate.guest.initramfs_sha256},
      {"host kind", certificate.host.kind},
      {"host CPU", certificate.host.cpu},
      {"harness", certificate.harness_build}};
}

Result<ExploreJournal> ExploreJournal::create(const std::string& path, const Certificate& certificate) {
  RS_ASSIGN(LineJournal lines, LineJournal::create(path, kOfExploration, to_line(explore_header_of(certificate))));
  return ExploreJournal(std::move(lines));
}

Result<ExploreJournal> ExploreJournal::resume(const std::string& path, Certificate& certificate) {
  const auto each = [&](std::size_t number, std::string_view line) -> Status {
    const Json json = parse_json(line);
    std::string problem;
    if (number == 0) {
      problem = explore_difference(json, certificate);
      if (problem.empty()) return {};
      return usage_error("cannot go on with " + path + ": " + problem, "begin in another --output-dir");
    }
    // What was skipped is tried again.
    if (!json.is_object()) problem = "not an object";
    if (problem.empty() && json.contains("trial")) read_explore_entry(json["trial"], certificate, problem);
    if (!problem.empty()) return usage_error(path + " is damaged: " + problem, "begin in another --output-dir");
    return {};
  };
  RS_ASSIGN(LineJournal lines, LineJournal::resume(path, kOfExploration, each));
  // A point that was done twice counts once.
  certificate.sort();
  auto& trials = certificate.trials;
  const auto same = [](const ExplorePoint& a, const ExplorePoint& b) { return a == b; };
  trials.erase(std::unique(trials.begin(), trials.end(), same), trials.end());
  return ExploreJournal(std::move(lines));
}

Status ExploreJournal::add(const ExploredTrial& trial) {
  return lines_.add(to_line(Json{{"trial", explore_entry_of(trial)}}));
}

Status ExploreJournal::add(const SkippedPoint& point) {
  Json json = {{"boundary", point.boundary}, {"inject", point.inject}, {"reason", point.reason}};
  if (point.second) json["second"] = *point.second;
  return lines_.add(to_line(Json{{"skipped", std::move(json)}}));
}

}  // namespace remapstorm
