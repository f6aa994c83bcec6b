// SPDX-License-Identifier: Apache-2.0
// certificate.json, schema 2: docs/explore.md names every field.
#include "results/certificate_json.h"

#include "telemetry/json_fields.h"
#include "telemetry/proof_standard.h"

namespace remapstorm {
namespace {

// What tells a boundary, in trials, skipped points and the list of boundaries alike.
Json point_to_json(const Certificate& certificate, std::size_t index) {
  const Boundary& boundary = certificate.boundaries[index];
  return {{"boundary", index},
          {"pc", hex(boundary.pc.value)},
          {"symbol", boundary.symbol},
          {"offset", boundary.offset},
          {"visit", boundary.visit}};
}

Json boundary_to_json(const Certificate& certificate, std::size_t index) {
  const Boundary& boundary = certificate.boundaries[index];
  Json json = point_to_json(certificate, index);
  json["steps"] = boundary.steps;
  json["interrupts_on"] = boundary.interrupts_on;
  json["entry"] = entry_state_name(boundary.entry);
  json["code"] = code_owner_name(boundary.code);
  json["text"] = boundary.text;
  json["bytes"] = boundary.bytes;
  if (boundary.in_sequence) json["in_exclusive_sequence"] = true;
  return json;
}

Json taken_to_json(const TakenAt& taken) {
  return {{"pc", hex(taken.pc.value)}, {"symbol", taken.symbol},
          {"offset", taken.offset},    {"boundary", taken.boundary ? Json(*taken.boundary) : Json(nullptr)},
          {"context", taken.context},  {"exact", taken.exact}};
}

Json certificate_trial_to_json(const Certificate& certificate, const ExploredTrial& trial) {
  Json json = point_to_json(certificate, trial.boundary);
  json["inject"] = trial.inject;
  if (trial.second) {
    json["second"] = point_to_json(certificate, *trial.second);
    json["second"]["raised"] = trial.second_raised;
  }
  json["verdict"] = verdict_name(trial.verdict);
  Json taken = Json::array();
  for (const TakenAt& one : trial.taken) taken.push_back(taken_to_json(one));
  json["taken"] = std::move(taken);
  json["repetitions"] = trial.repetitions;
  json["differing"] = trial.differing;
  json["reason"] = trial.reason;
  json["fingerprint"] = trial.fingerprint;
  json["duration_ns"] = trial.duration.count();
  json["repeat"] = trial.repeat;
  json["events"] = trial.events;
  return json;
}

Json verdicts_to_json(const std::map<Verdict, std::size_t>& counts) {
  Json verdicts = Json::object();
  for (const auto& [verdict, count] : counts) verdicts[std::string(verdict_name(verdict))] = count;
  return verdicts;
}

Json pairs_to_json(const Certificate& certificate) {
  Json pairs = Json::array();
  for (const std::string& pair : certificate.pairs) {
    pairs.push_back({{"name", pair},
                     {"verdicts", verdicts_to_json(certificate.count_pairs(pair))},
                     {"second_not_raised", certificate.count_never_came(pair)}});
  }
  return pairs;
}

Json code_to_json(const Certificate& certificate) {
  Json json = Json::object();
  for (const CodeOwner owner : {CodeOwner::kernel, CodeOwner::strategy, CodeOwner::harness}) {
    json[std::string(code_owner_name(owner))] = certificate.count_code(owner);
  }
  return json;
}

Json functions_to_json(const Certificate& certificate) {
  Json functions = Json::array();
  for (const FunctionPart& part : by_function(certificate)) {
    Json verdicts = Json::object();
    for (std::size_t i = 0; i < certificate.injections.size(); ++i) {
      verdicts[certificate.injections[i]] = verdicts_to_json(part.verdicts[i]);
    }
    functions.push_back({{"symbol", part.symbol},
                         {"code", code_owner_name(part.code)},
                         {"boundaries", part.boundaries},
                         {"verdicts", std::move(verdicts)}});
  }
  return functions;
}

}  // namespace

std::string certificate_json(const Certificate& certificate) {
  Json injections = Json::array();
  for (std::size_t i = 0; i < certificate.injections.size(); ++i) {
    injections.push_back(
        {{"name", certificate.injections[i]},
         {"what", i < certificate.injection_notes.size() ? certificate.injection_notes[i] : std::string()},
         {"verdicts", verdicts_to_json(certificate.count(certificate.injections[i]))}});
  }
  Json boundaries = Json::array(), trials = Json::array(), skipped = Json::array();
  for (std::size_t i = 0; i < certificate.boundaries.size(); ++i) {
    boundaries.push_back(boundary_to_json(certificate, i));
  }
  for (const ExploredTrial& trial : certificate.trials) trials.push_back(certificate_trial_to_json(certificate, trial));
  for (const SkippedPoint& point : certificate.skipped) {
    Json json = point_to_json(certificate, point.boundary);
    json["inject"] = point.inject;
    if (point.second) json["second"] = point_to_json(certificate, *point.second);
    json["reason"] = point.reason;
    skipped.push_back(std::move(json));
  }
  const Json json = {
      {"schema", kCertificateSchema},
      {"window", certificate.window},
      {"window_kind", window_kind_name(certificate.kind)},
      {"window_opens", certificate.window_opens},
      {"window_closes", certificate.window_closes},
      {"nth", certificate.nth},
      {"vcpu", certificate.vcpu},
      {"strategy", certificate.strategy},
      {"flavour", certificate.flavour},
      {"calls", certificate.calls_followed ? "follow" : "over"},
      {"host",
       {{"kind", certificate.host.kind},
        {"architecture", certificate.host.architecture},
        {"kernel", certificate.host.kernel},
        {"cpu", certificate.host.cpu},
        {"kvm", certificate.host.kvm}}},
      {"guest",
       {{"kernel_version", certificate.guest.kernel_version},
        {"hash", certificate.guest.hash},
        {"vmlinux_sha256", certificate.guest.vmlinux_sha256},
        {"config_sha256", certificate.guest.config_sha256},
        {"series_sha256", certificate.guest.series_sha256},
        {"initramfs_sha256", certificate.guest.initramfs_sha256},
        {"cpus", certificate.cpus},
        {"memory", certificate.memory},
        {"append", certificate.append},
        {"workloads", certificate.workloads}}},
      {"harness", {{"version", certificate.harness}, {"build", certificate.harness_build}}},
      {"made_at", certificate.made_at},
      {"took_ns", certificate.took.count()},
      {"resumed", certificate.resumed},
      {"repeat", certificate.repeat},
      {"complete", certificate.complete()},
      {"interrupted", certificate.interrupted},
      {"points", certificate.points()},
      {"injections", std::move(injections)},
      {"pairs", pairs_to_json(certificate)},
      {"stride", certificate.stride},
      {"executions", certificate.executions},
      {"code", code_to_json(certificate)},
      {"functions", functions_to_json(certificate)},
      {"proof", proof_words(Looks::soon)},
      {"not_covered", not_covered(certificate)},
      {"boundaries", std::move(boundaries)},
      {"trials", std::move(trials)},
      {"skipped", std::move(skipped)},
  };
  return to_line(json, 1) + "\n";
}

}  // namespace remapstorm
