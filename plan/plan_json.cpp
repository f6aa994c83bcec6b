// SPDX-License-Identifier: Apache-2.0
#include "plan/plan_json.h"

#include "plan/repeat.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

constexpr int kPlanSchema = 1;

Json pattern_to_json(const EventPattern& pattern) {
  Json json = Json::object();
  const ProbeInfo* probe = pattern.probe ? probe_by_number(*pattern.probe) : nullptr;
  if (probe != nullptr) json["probe"] = probe->name;
  if (!pattern.at.empty()) json["at"] = pattern.at;
  if (pattern.address) json["address"] = hex(pattern.address->value);
  if (pattern.vcpu) json["vcpu"] = *pattern.vcpu;
  if (pattern.context) json["context"] = context_name(*pattern.context);
  if (!pattern.where.empty() && probe != nullptr) {
    Json where = Json::object();
    for (const ArgumentFilter& filter : pattern.where) {
      where[std::string(probe->arguments[filter.index % 4])] = hex(filter.value);
    }
    json["where"] = std::move(where);
  }
  return json;
}

struct ParameterToJson {
  Json operator()(std::int64_t value) const { return value == kHitVcpu ? Json("hit") : Json(value); }
  Json operator()(Nanoseconds value) const { return static_cast<double>(value.count()) / 1e6; }
  Json operator()(const std::string& value) const { return value; }
  Json operator()(bool value) const { return value; }
  Json operator()(const EventPattern& value) const { return pattern_to_json(value); }
};

Json rule_to_json(const Rule& rule) {
  Json when = pattern_to_json(rule.when.pattern);
  if (rule.when.nth != 0) when["nth"] = rule.when.nth;
  if (rule.when.every != 0) when["every"] = rule.when.every;
  if (rule.when.probability >= 0) when["probability"] = rule.when.probability;
  if (!rule.when.after.empty()) when["after"] = rule.when.after;
  if (rule.when.max != 0) when["max"] = rule.when.max;
  Json action = {{"inject", rule.action.injector}};
  for (const auto& [name, value] : rule.action.parameters.values) action[name] = std::visit(ParameterToJson{}, value);
  return {{"name", rule.name}, {"when", std::move(when)}, {"do", std::move(action)}};
}

Json guest_to_json(const GuestImageInfo& guest) {
  return {{"flavour", guest.flavour},
          {"kernel_version", guest.kernel_version},
          {"hash", guest.hash},
          {"config_sha256", guest.config_sha256},
          {"series_sha256", guest.series_sha256},
          {"vmlinux_sha256", guest.vmlinux_sha256},
          {"initramfs_sha256", guest.initramfs_sha256},
          {"cmdline_sha256", guest.cmdline_sha256}};
}

// Only for reports: whatever is missing stays empty.
GuestImageInfo guest_from_json(const JsonFields& fields) {
  GuestImageInfo guest;
  guest.flavour = fields.text_or("flavour", {});
  guest.kernel_version = fields.text_or("kernel_version", {});
  guest.hash = fields.text_or("hash", {});
  guest.config_sha256 = fields.text_or("config_sha256", {});
  guest.series_sha256 = fields.text_or("series_sha256", {});
  guest.vmlinux_sha256 = fields.text_or("vmlinux_sha256", {});
  guest.initramfs_sha256 = fields.text_or("initramfs_sha256", {});
  guest.cmdline_sha256 = fields.text_or("cmdline_sha256", {});
  return guest;
}

HostInfo host_from_json(const JsonFields& fields) {
  HostInfo host;
  host.kind = fields.text_or("kind", {});
  host.architecture = fields.text_or("architecture", {});
  host.kernel = fields.text_or("kernel", {});
  host.cpu = fields.text_or("cpu", {});
  host.kvm = fields.text_or("kvm", {});
  if (fields.has("slowness")) host.slowness = fields.number("slowness");
  return host;
}

}  // namespace

Json expectation_to_json(const Expectation& expectation) {
  Json json = {{"verdict", verdict_name(expectation.verdict)}};
  if (expectation.lock) json["lock"] = *expectation.lock;
  if (expectation.waiter_context) json["waiter_context"] = context_name(*expectation.waiter_context);
  if (expectation.owner_context) json["owner_context"] = context_name(*expectation.owner_context);
  if (expectation.waiter_vcpu) json["waiter_vcpu"] = *expectation.waiter_vcpu;
  if (expectation.owner_vcpu) json["owner_vcpu"] = *expectation.owner_vcpu;
  if (!expectation.backtrace.empty()) json["backtrace"] = expectation.backtrace;
  if (expectation.stall) {
    json["stall_ns"] = expectation.stall->count();
    json["stall_tolerance"] = expectation.stall_tolerance;
  }
  if (expectation.delay_tolerance) json["delay_tolerance_ns"] = expectation.delay_tolerance->count();
  if (!expectation.injections.empty()) json["injections"] = expectation.injections;
  if (!expectation.rules.empty()) json["rules"] = expectation.rules;
  if (expectation.min_windows) json["min_windows"] = *expectation.min_windows;
  if (expectation.max_windows) json["max_windows"] = *expectation.max_windows;
  if (expectation.min_faults) json["min_faults"] = *expectation.min_faults;
  for (const auto& [context, count] : expectation.faults) json["faults"][context_name(context)] = count;
  if (!expectation.faults_in.empty()) json["faults_in"] = expectation.faults_in;
  if (expectation.console) json["console"] = *expectation.console;
  return json;
}

Expectation expectation_from_json(const JsonFields& fields, std::string& problem) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  Expectation expectation;
  const std::string name = fields.text("verdict");
  if (const auto verdict = verdict_from_name(name)) {
    expectation.verdict = *verdict;
  } else {
    fields.fail("verdict", "is unknown: " + name);
  }
  const auto optional_text = [&](const char* key) -> std::optional<std::string> {
    if (!fields.has(key)) return std::nullopt;
    return fields.text(key);
  };
  expectation.lock = optional_text("lock");
  const auto context_in = [&fields](const char* key, const std::string& word) {
    const auto context = context_by_name(word);
    if (!context) fields.fail(key, "is unknown: " + word);
    return context;
  };
  for (const auto& [key, into] : {std::pair{"waiter_context", &expectation.waiter_context},
                                  std::pair{"owner_context", &expectation.owner_context}}) {
    if (fields.has(key)) *into = context_in(key, fields.text(key));
  }
  expectation.console = optional_text("console");
  if (fields.has("waiter_vcpu")) expectation.waiter_vcpu = static_cast<int>(fields.integer("waiter_vcpu", 0, 7));
  if (fields.has("owner_vcpu")) expectation.owner_vcpu = static_cast<int>(fields.integer("owner_vcpu", 0, 7));
  for (const Json& item : fields.array_or_empty("backtrace")) {
    if (item.is_string()) expectation.backtrace.push_back(item.get<std::string>());
  }
  if (fields.has("stall_ns")) {
    expectation.stall = Nanoseconds(fields.integer("stall_ns", 0, kMax));
    expectation.stall_tolerance = fields.number("stall_tolerance");
  }
  if (fields.has("delay_tolerance_ns")) {
    expectation.delay_tolerance = Nanoseconds(fields.integer("delay_tolerance_ns", 0, kMax));
  }
  const auto counts = [&](const char* key, std::map<std::string, std::uint64_t>& into) {
    const Json& object = fields.object_or_empty(key);
    const JsonFields values(object, problem);
    for (const auto& [what, value] : object.items()) into[what] = values.unsigned64(what.c_str());
  };
  counts("injections", expectation.injections);
  counts("rules", expectation.rules);
  std::map<std::string, std::uint64_t> faults;
  counts("faults", faults);
  for (const auto& [word, count] : faults) {
    if (const auto context = context_in("faults", word)) expectation.faults[*context] = count;
  }
  for (const Json& item : fields.array_or_empty("faults_in")) {
    if (item.is_string()) expectation.faults_in.push_back(item.get<std::string>());
  }
  if (fields.has("min_windows")) expectation.min_windows = fields.unsigned64("min_windows");
  if (fields.has("max_windows")) expectation.max_windows = fields.unsigned64("max_windows");
  if (fields.has("min_faults")) expectation.min_faults = fields.unsigned64("min_faults");
  return expectation;
}

Json plan_to_json(const Plan& plan) {
  Json json = {{"schema", kPlanSchema},   {"scenario", plan.scenario}, {"scenario_file", plan.scenario_file},
               {"summary", plan.summary}, {"claims", plan.claims},     {"strategy", plan.strategy},
               {"flavour", plan.flavour}, {"cpus", plan.cpus},         {"memory_bytes", plan.memory},
               {"append", plan.append},   {"seed", hex(plan.seed)}};
  json["scenario_sha256"] = plan.scenario_sha256;
  if (plan.bbm) json["bbm"] = *plan.bbm;
  if (plan.base != KernelBase::unknown) json["base"] = kernel_base_name(plan.base);
  json["limits"] = {{"timeout_ns", plan.limits.timeout.count()},
                    {"progress_ns", plan.limits.progress.count()},
                    {"stall_ns", plan.limits.stall_threshold.count()}};
  json["workload"] = plan.workload_text;
  Json rules = Json::array();
  for (const Rule& rule : plan.rules) rules.push_back(rule_to_json(rule));
  json["rules"] = std::move(rules);
  json["expect"] = expectation_to_json(plan.expectation);
  json["guest"] = guest_to_json(plan.guest);
  json["host"] = {{"kind", plan.host.kind},     {"architecture", plan.host.architecture},
                  {"kernel", plan.host.kernel}, {"cpu", plan.host.cpu},
                  {"kvm", plan.host.kvm},       {"slowness", plan.host.slowness}};
  return json;
}

std::string plan_json(const Plan& plan, std::uint64_t trial) {
  Json json = plan_to_json(plan);
  json["trial"] = trial;
  json["trial_seed"] = hex(trial_seed(plan.seed, plan.scenario, trial));
  json["repeat"] = repeat_command(plan, trial);
  return to_line(json);
}

std::string plan_file(const Plan& plan, std::uint64_t trials) {
  Json json = plan_to_json(plan);
  json["trials"] = trials;
  json["repeat"] = repeat_command_of_all(plan, trials);
  return to_line(json, 2) + "\n";
}

Result<RecordedPlan> read_recorded_plan(const std::string& text) {
  const Json json = parse_json(text);
  if (json.is_discarded()) return usage_error("the plan is not JSON");
  std::string problem;
  const JsonFields fields(json, problem);
  const std::int64_t schema = fields.integer("schema", 0, 1'000'000);
  if (problem.empty() && schema != kPlanSchema) {
    return usage_error("a plan of schema " + std::to_string(schema) + "; this remapstorm reads schema 1");
  }
  RecordedPlan plan;
  plan.scenario = fields.text("scenario");
  plan.strategy = fields.text("strategy");
  plan.flavour = fields.text("flavour");
  plan.base = kernel_base_from_name(fields.text_or("base", {}));
  plan.seed = fields.hex64("seed");
  plan.trial = fields.has("trial") ? fields.unsigned64("trial") : 0;
  plan.summary = fields.text_or("summary", {});
  for (const Json& claim : fields.array_or_empty("claims")) {
    if (claim.is_string()) plan.claims.push_back(claim.get<std::string>());
  }
  plan.cpus = static_cast<unsigned>(fields.integer("cpus", kMinCpus, kMaxCpus));
  plan.memory = fields.has("memory_bytes") ? fields.unsigned64("memory_bytes") : 0;
  plan.repeat = fields.text_or("repeat", {});
  plan.scenario_sha256 = fields.text_or("scenario_sha256", {});
  plan.guest = guest_from_json(JsonFields(fields.object_or_empty("guest"), problem));
  plan.host = host_from_json(JsonFields(fields.object_or_empty("host"), problem));
  const JsonFields limits(fields.object_or_empty("limits"), problem);
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  plan.limits.timeout = Nanoseconds(limits.integer("timeout_ns", 1, kMax));
  plan.limits.progress = Nanoseconds(limits.integer("progress_ns", 1, kMax));
  plan.limits.stall_threshold = Nanoseconds(limits.integer("stall_ns", 1, kMax));
  const JsonFields expect(fields.object_or_empty("expect"), problem);
  plan.expectation = expectation_from_json(expect, problem);
  if (!problem.empty()) return usage_error("the plan: " + problem);
  return plan;
}

}  // namespace remapstorm
