// SPDX-License-Identifier: Apache-2.0
// Reads certificate.json, schema 2 or 1 (docs/explore.md), back. Everything in it is checked against the lists it
// points to.
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/input_file.h"
#include "results/certificate_json.h"
#include "results/code_owner.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr std::uintmax_t kMostBytes = 512ULL << 20;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostCpus = 4096;

Boundary boundary_from(const JsonFields& fields) {
  Boundary one;
  one.pc = fields.gva("pc");
  one.symbol = fields.text_or("symbol", {});
  one.offset = fields.unsigned64("offset");
  one.visit = fields.unsigned64("visit");
  one.steps = fields.unsigned64("steps");
  one.interrupts_on = fields.flag("interrupts_on");
  const std::string entry = fields.text("entry");
  const auto state = entry_state_from_name(entry);
  if (!state) fields.fail("entry", "is unknown: " + entry);
  one.entry = state.value_or(EntryState::unknown);
  one.text = fields.text_or("text", {});
  // Schema 1 does not tell; the function does, nearly.
  one.code = CodeReader().owner(one.symbol, one.text, Gva(0));
  if (fields.has("code")) {
    const std::string code = fields.text("code");
    const auto owner = code_owner_from_name(code);
    if (!owner) fields.fail("code", "is unknown: " + code);
    one.code = owner.value_or(CodeOwner::harness);
  }
  one.bytes = fields.text_or("bytes", {});
  one.in_sequence = fields.has("in_exclusive_sequence") && fields.flag("in_exclusive_sequence");
  return one;
}

std::size_t index_from(const JsonFields& fields, const Certificate& certificate) {
  return static_cast<std::size_t>(
      fields.integer("boundary", 0, static_cast<std::int64_t>(certificate.boundaries.size()) - 1));
}

// Where, of a trial or a skipped point.
ExplorePoint point_from(const JsonFields& fields, const Certificate& certificate, std::string& problem) {
  ExplorePoint point{index_from(fields, certificate), fields.text("inject"), std::nullopt};
  if (fields.has("second")) {
    point.second = index_from(JsonFields(fields.object_or_empty("second"), problem), certificate);
  }
  return point;
}

TakenAt taken_from(const JsonFields& fields, const Certificate& certificate, const Json& json) {
  TakenAt taken{fields.gva("pc"), fields.text_or("symbol", {}),  fields.unsigned64("offset"),
                std::nullopt,     fields.text_or("context", {}), fields.flag("exact")};
  if (fields.has("boundary") && !json.at("boundary").is_null()) taken.boundary = index_from(fields, certificate);
  return taken;
}

ExploredTrial trial_from(const JsonFields& fields, const Certificate& certificate, std::string& problem) {
  ExploredTrial trial;
  static_cast<ExplorePoint&>(trial) = point_from(fields, certificate, problem);
  if (trial.second) {
    trial.second_raised = JsonFields(fields.object_or_empty("second"), problem).flag("raised");
  }
  const std::string name = fields.text("verdict");
  const auto verdict = verdict_from_name(name);
  if (!verdict) fields.fail("verdict", "is unknown: " + name);
  trial.verdict = verdict.value_or(Verdict::error);
  for (const Json& one : fields.array_or_empty("taken")) {
    trial.taken.push_back(taken_from(JsonFields(one, problem), certificate, one));
  }
  trial.repetitions = static_cast<std::size_t>(fields.integer_or("repetitions", 0, kMost, 0));
  for (const Json& one : fields.array_or_empty("differing")) {
    if (one.is_string()) trial.differing.push_back(one.get<std::string>());
  }
  trial.reason = fields.text_or("reason", {});
  trial.fingerprint = fields.text_or("fingerprint", {});
  trial.duration = Nanoseconds(fields.integer_or("duration_ns", 0, kMost, 0));
  trial.repeat = fields.text_or("repeat", {});
  trial.events = fields.text_or("events", {});
  return trial;
}

void read_machines(const JsonFields& fields, Certificate& certificate, std::string& problem) {
  const JsonFields host(fields.object_or_empty("host"), problem);
  certificate.host = {host.text_or("kind", {}), host.text_or("kvm", {}), host.text_or("kernel", {}),
                      host.text_or("cpu", {}), host.text_or("architecture", {})};
  const JsonFields guest(fields.object_or_empty("guest"), problem);
  certificate.guest.flavour = certificate.flavour;
  certificate.guest.kernel_version = guest.text_or("kernel_version", {});
  certificate.guest.hash = guest.text_or("hash", {});
  certificate.guest.vmlinux_sha256 = guest.text_or("vmlinux_sha256", {});
  certificate.guest.config_sha256 = guest.text_or("config_sha256", {});
  certificate.guest.series_sha256 = guest.text_or("series_sha256", {});
  certificate.guest.initramfs_sha256 = guest.text_or("initramfs_sha256", {});
  certificate.cpus = static_cast<unsigned>(guest.integer_or("cpus", 0, kMostCpus, 0));
  certificate.append = guest.text_or("append", {});
  certificate.memory = static_cast<std::uint64_t>(guest.integer_or("memory", 0, kMost, 0));
  for (const Json& one : guest.array_or_empty("workloads")) {
    if (one.is_string()) certificate.workloads.push_back(one.get<std::string>());
  }
  const JsonFields harness(fields.object_or_empty("harness"), problem);
  certificate.harness = harness.text_or("version", {});
  certificate.harness_build = harness.text_or("build", {});
}

Certificate certificate_from(const Json& json, std::string& problem) {
  const JsonFields fields(json, problem);
  Certificate certificate;
  certificate.window = fields.text("window");
  const std::string kind = fields.text_or("window_kind", std::string(window_kind_name(WindowKind::triggers)));
  if (!window_kind_from_name(kind)) fields.fail("window_kind", "is unknown: " + kind);
  certificate.kind = window_kind_from_name(kind).value_or(WindowKind::triggers);
  certificate.executions = static_cast<std::size_t>(fields.integer_or("executions", 1, kMost, 1));
  certificate.window_opens = fields.text_or("window_opens", {});
  certificate.window_closes = fields.text_or("window_closes", {});
  certificate.nth = static_cast<std::uint64_t>(fields.integer_or("nth", 1, kMost, 1));
  certificate.vcpu = static_cast<unsigned>(fields.integer_or("vcpu", 0, kMostCpus, 0));
  certificate.strategy = fields.text_or("strategy", {});
  certificate.flavour = fields.text_or("flavour", {});
  certificate.calls_followed = fields.text_or("calls", "follow") == "follow";
  read_machines(fields, certificate, problem);
  certificate.made_at = fields.text_or("made_at", {});
  certificate.repeat = fields.text_or("repeat", {});
  certificate.interrupted = fields.flag("interrupted");
  certificate.resumed = static_cast<std::size_t>(fields.integer_or("resumed", 0, kMost, 0));
  certificate.took = Nanoseconds(fields.integer_or("took_ns", 0, kMost, 0));
  for (const Json& one : fields.array_or_empty("injections")) {
    const JsonFields injection(one, problem);
    certificate.injections.push_back(injection.text("name"));
    certificate.injection_notes.push_back(injection.text_or("what", {}));
  }
  for (const Json& one : fields.array_or_empty("pairs")) {
    certificate.pairs.push_back(JsonFields(one, problem).text("name"));
  }
  certificate.stride = static_cast<std::size_t>(fields.integer_or("stride", 1, kMost, 1));
  for (const Json& one : fields.array_or_empty("boundaries")) {
    certificate.boundaries.push_back(boundary_from(JsonFields(one, problem)));
  }
  for (const Json& one : fields.array_or_empty("trials")) {
    certificate.trials.push_back(trial_from(JsonFields(one, problem), certificate, problem));
  }
  for (const Json& one : fields.array_or_empty("skipped")) {
    const JsonFields point(one, problem);
    certificate.skipped.push_back({point_from(point, certificate, problem), point.text_or("reason", {})});
  }
  return certificate;
}

}  // namespace

Result<Certificate> read_certificate(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  RS_ASSIGN(std::ifstream in, open_input_file(path));
  if (error) return usage_error("cannot open " + path);
  if (size > kMostBytes) return usage_error(path + " is longer than 512 MiB: no certificate of ours");
  const Json json = parse_json(in);
  if (json.is_discarded() || !json.is_object()) return usage_error(path + ": not JSON, or cut in the middle");
  if (!json.contains("schema") || (json.at("schema") != kCertificateSchema && json.at("schema") != 1)) {
    return usage_error(path + ": no certificate of schema 1 or " + std::to_string(kCertificateSchema));
  }
  std::string problem;
  Certificate certificate = certificate_from(json, problem);
  if (!problem.empty()) return usage_error(path + ": " + problem);
  return certificate;
}

}  // namespace remapstorm
