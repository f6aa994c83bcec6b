// SPDX-License-Identifier: Apache-2.0
#include "plan/plan.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "base/host_kind.h"
#include "base/names.h"
#include "base/sha256.h"
#include "guest/abi/remapstorm_abi.h"
#include "plan/repeat.h"
#include "telemetry/kinds.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

struct Problems {
  std::vector<std::string> lines;
  bool unavailable = false;
  std::string hint = {};
  void add(std::string line) { lines.push_back(std::move(line)); }
};

// "symbol+0x1c" -> symbol and offset. False if the offset is no number.
bool split_place(const std::string& place, std::string& symbol, std::uint64_t& offset) {
  const std::size_t plus = place.find('+');
  symbol = place.substr(0, plus);
  offset = 0;
  if (plus == std::string::npos) return !symbol.empty();
  std::string_view digits = std::string_view(place).substr(plus + 1);
  const bool is_hex = digits.substr(0, 2) == "0x";
  if (is_hex) digits.remove_prefix(2);
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), offset, is_hex ? 16 : 10);
  return !symbol.empty() && result.ec == std::errc{} && result.ptr == digits.data() + digits.size();
}

void resolve(EventPattern& pattern, const std::string& rule, const ResolveSymbol& resolve_symbol, Problems& problems) {
  if (pattern.at.empty()) return;
  std::string symbol;
  std::uint64_t offset = 0;
  if (!split_place(pattern.at, symbol, offset)) {
    problems.add("rule \"" + rule + "\": \"" + pattern.at + "\" is not of the form symbol+0x1c");
    return;
  }
  const SymbolAnswer answer = resolve_symbol(symbol);
  if (!answer.address) {
    std::string line = "rule \"" + rule + "\": the guest kernel has no symbol \"" + symbol + "\"";
    if (!answer.near.empty()) line += "; near it: " + join(answer.near);
    problems.add(line);
    return;
  }
  pattern.address = *answer.address + offset;
}

void check_vcpu(unsigned vcpu, unsigned cpus, const std::string& who, Problems& problems) {
  if (vcpu < cpus) return;
  problems.add(who + " is for vCPU " + std::to_string(vcpu) + ", but the guest has " + std::to_string(cpus) +
               (cpus == 1 ? " vCPU" : " vCPUs"));
}

// --cpus may be fewer than the scenario was written for.
void check_vcpus(const Plan& plan, Problems& problems) {
  for (const Workload& workload : plan.workloads) {
    check_vcpu(workload.vcpu, plan.cpus, "workload " + workload.run, problems);
  }
  for (const Rule& rule : plan.rules) {
    const std::string who = "rule \"" + rule.name + "\"";
    if (rule.when.pattern.vcpu) check_vcpu(*rule.when.pattern.vcpu, plan.cpus, who, problems);
    for (const auto& [name, value] : rule.action.parameters.values) {
      if (const auto* pattern = std::get_if<EventPattern>(&value)) {
        if (pattern->vcpu) check_vcpu(*pattern->vcpu, plan.cpus, who + ", " + name + ",", problems);
      }
    }
    const int target = rule.action.parameters.vcpu("vcpu", 0);
    check_vcpu(static_cast<unsigned>(target), plan.cpus, who, problems);
  }
}

std::string workload_text(const std::vector<Workload>& workloads) {
  std::string text;
  for (const Workload& workload : workloads) {
    text += "vcpu=" + std::to_string(workload.vcpu) + " run=" + workload.run;
    for (const auto& [key, value] : workload.arguments) text += " " + key + "=" + value;
    text += "\n";
  }
  return text;
}

Expectation chosen_expectation(const Scenario& scenario, const Overrides& overrides, const std::string& strategy,
                               const std::string& flavour, const std::string& host_kind) {
  const Expectation& written = scenario.expectation_for(strategy, flavour, host_kind);
  if (!overrides.expect || *overrides.expect == written.verdict) return written;
  Expectation bare;
  bare.verdict = *overrides.expect;
  return bare;
}

void check_sizes(const Plan& plan, Problems& problems) {
  if (plan.cpus < kMinCpus || plan.cpus > kMaxCpus) {
    problems.add("--cpus is " + std::to_string(plan.cpus) + "; allowed: " + std::to_string(kMinCpus) + " to " +
                 std::to_string(kMaxCpus));
  }
  if (plan.memory < kMinMemory || plan.memory > kMaxMemory) {
    problems.add("--memory is " + std::to_string(plan.memory >> 20) + " MiB; allowed: 64M to 3G");
  }
  if (plan.limits.timeout <= Nanoseconds{0}) problems.add("--timeout must be longer than 0");
  if (plan.workload_text.size() >= RS_WORKLOAD_BYTES) {
    problems.add("the workloads need " + std::to_string(plan.workload_text.size()) +
                 " bytes of text; the guest takes " + std::to_string(RS_WORKLOAD_BYTES - 1));
  }
}

void check_guest(const Scenario& scenario, const Plan& plan, Problems& problems) {
  if (plan.bbm && plan.guest.architecture == "x86_64") problems.add("machine.bbm is for guests on arm64");
  if (!scenario.is_made_for(plan.guest.architecture)) {
    problems.add("scenario " + scenario.name + " is made for " + join(scenario.made_for) + "; this is a guest for " +
                 plan.guest.architecture);
    problems.hint = "an emulated host has such guests: ./run --lab " + lab_kind(lab_of(scenario.made_for.front()));
  }
  if (!contains(scenario.strategies, plan.strategy)) {
    problems.add("scenario " + scenario.name + " is not made for strategy \"" + plan.strategy +
                 "\"; allowed: " + join(scenario.strategies));
  } else if (!contains(plan.guest.strategies, plan.strategy)) {
    problems.unavailable = true;
    problems.add("the guest image (" + plan.guest.flavour + ", Linux " + plan.guest.kernel_version +
                 ") has no strategy \"" + plan.strategy + "\"; it has: " + join(plan.guest.strategies));
  }
  if (!contains(scenario.flavours, plan.flavour)) {
    problems.add("scenario " + scenario.name + " is not made for flavour \"" + plan.flavour +
                 "\"; allowed: " + join(scenario.flavours));
  } else if (plan.guest.flavour != plan.flavour) {
    problems.unavailable = true;
    problems.add("flavour \"" + plan.flavour + "\" is wanted, but the guest image is \"" + plan.guest.flavour + "\"");
  }
}

// A rule may come after one that this strategy does not have.
void check_order(const Plan& plan, Problems& problems) {
  for (const Rule& rule : plan.rules) {
    const std::string& after = rule.when.after;
    if (after.empty() ||
        std::any_of(plan.rules.begin(), plan.rules.end(), [&](const Rule& one) { return one.name == after; })) {
      continue;
    }
    problems.add("rule \"" + rule.name + "\" comes after rule \"" + after + "\", which is not for strategy \"" +
                 plan.strategy + "\"");
  }
}

// A kernel without our driver can be stopped at any instruction and kept there; everything else needs its help.
void check_driver(const Plan& plan, Problems& problems) {
  if (plan.guest.has_driver) return;
  const std::size_t before = problems.lines.size();
  const auto probe = [&](const EventPattern& pattern, const std::string& rule) {
    if (!pattern.probe) return;
    const ProbeInfo* info = probe_by_number(*pattern.probe);
    problems.add("rule \"" + rule + "\" waits for probe " + (info != nullptr ? std::string(info->name) : "?") +
                 ", which this kernel does not have; an instruction can be given instead: at = \"symbol+0x1c\"");
  };
  for (const Rule& rule : plan.rules) {
    probe(rule.when.pattern, rule.name);
    for (const auto& [name, value] : rule.action.parameters.values) {
      if (const auto* until = std::get_if<EventPattern>(&value)) probe(*until, rule.name);
    }
    const std::string& injector = rule.action.injector;
    if (is_answered(injector_kind(injector))) {
      problems.add("rule \"" + rule.name + "\" injects " + injector + ", which this kernel has no handler for");
    }
    if (injector_kind(injector) == InjectorKind::hold && rule.action.parameters.text("mode") == "soft") {
      problems.add("rule \"" + rule.name +
                   "\" asks for a soft hold, which only the driver can do; mode = \"hard\" works");
    }
  }
  for (const Workload& workload : plan.workloads) {
    const std::string& run = workload.run;
    if (run.starts_with("read-target") || run == "kpageflags" || run.ends_with("-by-buddy")) {
      problems.add("workload " + run + " needs the driver");
    }
  }
  if (problems.lines.size() == before) return;
  problems.lines.insert(problems.lines.begin() + static_cast<std::ptrdiff_t>(before),
                        "the kernel (Linux " + plan.guest.kernel_version +
                            ") was built without CONFIG_REMAPSTORM: it has no symbol rs_mailbox");
}

std::uint64_t mix(std::uint64_t value) {
  // splitmix64's finaliser: neighbouring inputs give unrelated seeds.
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

void for_each_pattern(const std::vector<Rule>& rules, const std::function<void(const EventPattern&)>& each) {
  for (const Rule& rule : rules) {
    each(rule.when.pattern);
    for (const auto& [name, value] : rule.action.parameters.values) {
      if (const auto* pattern = std::get_if<EventPattern>(&value)) each(*pattern);
    }
  }
}

}  // namespace

std::array<std::uint64_t, 2> Plan::armed_probes() const {
  std::array<std::uint64_t, 2> armed{};
  for_each_pattern(rules, [&](const EventPattern& pattern) {
    if (pattern.probe && *pattern.probe < RS_PROBE_LIMIT) armed[*pattern.probe / 64] |= 1ULL << (*pattern.probe % 64);
  });
  return armed;
}

std::vector<Gva> Plan::breakpoints() const {
  std::set<Gva> addresses;
  for_each_pattern(rules, [&](const EventPattern& pattern) {
    if (pattern.address) addresses.insert(*pattern.address);
  });
  return {addresses.begin(), addresses.end()};
}

namespace {

Nanoseconds stretched(Nanoseconds length, double by) {
  return Nanoseconds(static_cast<std::int64_t>(static_cast<double>(length.count()) * by));
}

// In the lab nobody sees what the machine outside takes away: lengths came out up to 14 ms longer on a quiet one.
constexpr Nanoseconds kEmulatedTolerance = std::chrono::milliseconds(25);

void stretch(Plan& plan) {
  const double by = plan.host.slowness;
  plan.limits.stall_threshold = stretched(plan.limits.stall_threshold, by);
  plan.expectation.stall_tolerance *= by;
  if (plan.expectation.delay_tolerance) {
    plan.expectation.delay_tolerance = stretched(*plan.expectation.delay_tolerance, by);
    if (host_kind(plan.host.kind) == HostKind::lab) {
      plan.expectation.delay_tolerance = std::max(*plan.expectation.delay_tolerance, kEmulatedTolerance);
    }
  }
}

// Of a line that repeats something.
Status check_bytes(const Plan& plan) {
  const std::vector<std::string> lines = differences(plan.asked.same, bytes_of(plan));
  if (lines.empty()) return {};
  return usage_error(
      "these are not the bytes that --sha256 names:\n" + join(lines, "\n"),
      "the folder of the first run holds its scenarios (SCENARIO/scenario-DIGITS.toml); without --sha256 "
      "what is here now runs");
}

}  // namespace

std::string chosen_flavour(const Scenario& scenario, const Overrides& overrides) {
  if (overrides.flavour) return *overrides.flavour;
  return scenario.flavours.empty() ? "std" : scenario.flavours.front();
}

Result<Plan> make_plan(const Scenario& given, const Overrides& overrides, const GuestImageInfo& guest,
                       const HostInfo& host, const ResolveSymbol& resolve_symbol) {
  const Scenario scenario = given.on(guest.architecture);
  Plan plan;
  plan.scenario = scenario.name;
  plan.scenario_file = scenario.file;
  if (!scenario.text.empty()) plan.scenario_sha256 = sha256_hex(scenario.text);
  plan.shipped = scenario.shipped;
  plan.claims = scenario.claims;
  plan.summary = scenario.summary;
  plan.strategy = overrides.strategy.value_or(scenario.strategy);
  plan.flavour = chosen_flavour(scenario, overrides);
  plan.cpus = overrides.cpus.value_or(scenario.cpus);
  plan.memory = overrides.memory.value_or(scenario.memory);
  plan.bbm = scenario.bbm;
  plan.append = scenario.append;
  if (!overrides.append.empty()) plan.append += (plan.append.empty() ? "" : " ") + overrides.append;
  plan.base = kernel_base_of(guest.command_line + " " + plan.append);
  plan.limits = scenario.limits;
  if (overrides.timeout) plan.limits.timeout = *overrides.timeout;
  plan.seed = overrides.seed;
  plan.workloads = scenario.workloads;
  plan.workload_text = workload_text(scenario.workloads);
  std::copy_if(scenario.rules.begin(), scenario.rules.end(), std::back_inserter(plan.rules),
               [&](const Rule& rule) { return rule.strategies.empty() || contains(rule.strategies, plan.strategy); });
  plan.expectation = chosen_expectation(scenario, overrides, plan.strategy, plan.flavour, host.kind);
  plan.guest = guest;
  plan.host = host;
  plan.asked = overrides;
  stretch(plan);

  RS_TRY(check_bytes(plan));
  Problems problems;
  check_sizes(plan, problems);
  check_guest(scenario, plan, problems);
  check_driver(plan, problems);
  check_vcpus(plan, problems);
  check_order(plan, problems);
  for (Rule& rule : plan.rules) {
    resolve(rule.when.pattern, rule.name, resolve_symbol, problems);
    for (auto& [name, value] : rule.action.parameters.values) {
      if (auto* pattern = std::get_if<EventPattern>(&value)) resolve(*pattern, rule.name, resolve_symbol, problems);
    }
  }
  plan.nmis = strategy_kind(plan.strategy) == StrategyKind::pause_nmi ||
              std::any_of(plan.rules.begin(), plan.rules.end(),
                          [](const Rule& rule) { return injector_kind(rule.action.injector) == InjectorKind::nmi; });
  if (problems.lines.empty()) return plan;
  const std::string message = join(problems.lines, "\n");
  // A bad request stays one even if the machine could not do it either.
  if (problems.unavailable && problems.lines.size() == 1) {
    return unavailable_error(message, "remapstorm guest build --flavour " + plan.flavour);
  }
  return usage_error(message, problems.hint);
}

std::uint64_t trial_seed(std::uint64_t seed, const std::string& scenario, std::uint64_t trial) {
  std::uint64_t state = mix(seed);
  for (const char letter : scenario) state = mix(state ^ static_cast<unsigned char>(letter));
  return mix(state ^ mix(trial));
}

}  // namespace remapstorm
