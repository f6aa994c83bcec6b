// SPDX-License-Identifier: Apache-2.0
#include "results/trial_result.h"

#include <algorithm>
#include <cstdio>

#include "base/names.h"
#include "plan/repeat.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

std::string exact_milliseconds(Nanoseconds length) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f ms", static_cast<double>(length.count()) / 1e6);
  return text;
}

const Finding* first_of(const Judgement& judgement, Verdict verdict) {
  for (const Finding& finding : judgement.findings) {
    if (finding.verdict == verdict) return &finding;
  }
  return nullptr;
}

bool fits(const Expectation& expected, const WaitEdge& edge) {
  return (!expected.lock || *expected.lock == edge.lock_name) &&
         (!expected.waiter_context || *expected.waiter_context == edge.waiter_context) &&
         (!expected.owner_context || *expected.owner_context == edge.owner_context) &&
         (!expected.waiter_vcpu || *expected.waiter_vcpu == edge.waiter_vcpu) &&
         (!expected.owner_vcpu || *expected.owner_vcpu == edge.owner_vcpu);
}

std::string describe_edge(const WaitEdge& edge) {
  return "vCPU " + std::to_string(edge.waiter_vcpu) + " (" + context_name(edge.waiter_context) + ") waits for " +
         edge.lock_name + " of vCPU " + std::to_string(edge.owner_vcpu) + " (" + context_name(edge.owner_context) + ")";
}

void check_deadlock(const Expectation& expected, const Finding& finding, std::vector<std::string>& differences) {
  const bool some = std::any_of(finding.cycle.begin(), finding.cycle.end(),
                                [&](const WaitEdge& edge) { return fits(expected, edge); });
  if (!some) {
    std::vector<std::string> wanted, found;
    if (expected.lock) wanted.push_back("lock " + *expected.lock);
    if (expected.waiter_context)
      wanted.push_back(std::string("waiter in ") + context_name(*expected.waiter_context) + " context");
    if (expected.owner_context)
      wanted.push_back(std::string("owner in ") + context_name(*expected.owner_context) + " context");
    if (expected.waiter_vcpu) wanted.push_back("waiter on vCPU " + std::to_string(*expected.waiter_vcpu));
    if (expected.owner_vcpu) wanted.push_back("owner on vCPU " + std::to_string(*expected.owner_vcpu));
    for (const WaitEdge& edge : finding.cycle) found.push_back(describe_edge(edge));
    differences.push_back("no wait of the cycle has " + join(wanted) + "; found: " + join(found, "; "));
  }
  for (const std::string& function : expected.backtrace) {
    const bool there = std::any_of(finding.samples.begin(), finding.samples.end(), [&](const SampleEvent& sample) {
      return std::any_of(sample.backtrace.begin(), sample.backtrace.end(),
                         [&](const Frame& frame) { return frame.symbol == function; });
    });
    if (!there) differences.push_back("no backtrace goes through " + function);
  }
}

void check_stall(const Expectation& expected, const Finding& finding, std::vector<std::string>& differences) {
  if (!expected.stall) return;
  const auto asked = static_cast<double>(expected.stall->count());
  const auto got = static_cast<double>(finding.length.count());
  // What a busy host added is not held against the guest.
  const auto added = static_cast<double>(finding.starved.count());
  if (got < asked * (1 - expected.stall_tolerance) || got - added > asked * (1 + expected.stall_tolerance)) {
    char percent[16];
    std::snprintf(percent, sizeof(percent), "%.0f %%", expected.stall_tolerance * 100);
    differences.push_back("the stall took " + exact_milliseconds(finding.length) + ", not within " + percent + " of " +
                          exact_milliseconds(*expected.stall));
  }
}

void check_counts(const std::map<std::string, std::uint64_t>& least,
                  const std::map<std::string, std::uint64_t>& counted, const std::string& what,
                  std::vector<std::string>& differences) {
  for (const auto& [name, minimum] : least) {
    const auto found = counted.find(name);
    const std::uint64_t count = found == counted.end() ? 0 : found->second;
    if (count < minimum) {
      differences.push_back(what + " " + name + " fired " + std::to_string(count) + " times, at least " +
                            std::to_string(minimum) + " were expected");
    }
  }
}

void check_delays(const Expectation& expected, const TrialStatistics& statistics,
                  std::vector<std::string>& differences) {
  if (!expected.delay_tolerance) return;
  const auto found = statistics.injector_lengths.find("stage2-delay");
  if (found == statistics.injector_lengths.end()) {
    differences.emplace_back("no stage-2 delay was measured");
  } else if (found->second.error_max > *expected.delay_tolerance) {
    differences.push_back("a stage-2 delay was off by " + exact_milliseconds(found->second.error_max) + ", more than " +
                          exact_milliseconds(*expected.delay_tolerance));
  }
}

}  // namespace

std::vector<std::string> check_expectation(const Expectation& expected, const Judgement& judgement) {
  std::vector<std::string> differences;
  if (judgement.verdict != expected.verdict) {
    // Evidence of a verdict that did not come about is no news.
    return {"expected " + std::string(verdict_name(expected.verdict)) + ", got " +
            std::string(verdict_name(judgement.verdict))};
  }
  const Finding* finding = first_of(judgement, expected.verdict);
  if (finding != nullptr && expected.verdict == Verdict::deadlock) check_deadlock(expected, *finding, differences);
  if (finding != nullptr && expected.verdict == Verdict::stall) check_stall(expected, *finding, differences);
  for (const auto& [context, least] : expected.faults) {
    const std::uint64_t count = judgement.statistics.faults.at(static_cast<std::size_t>(context));
    if (count < least) {
      differences.push_back(std::to_string(count) + " faults in " + context_name(context) + " context, at least " +
                            std::to_string(least) + " were expected");
    }
  }
  for (const std::string& function : expected.faults_in) {
    if (judgement.statistics.fault_functions.contains(function)) continue;
    std::vector<std::string> found;
    for (const auto& [name, count] : judgement.statistics.fault_functions) found.push_back(name);
    differences.push_back("no fault in " + function + "; in: " + (found.empty() ? "no function" : join(found)));
  }
  if (expected.console) {
    const bool there = std::any_of(judgement.findings.begin(), judgement.findings.end(), [&](const Finding& one) {
      return one.console_excerpt.find(*expected.console) != std::string::npos;
    });
    if (!there) differences.push_back("the guest's report does not say \"" + *expected.console + "\"");
  }
  const TrialStatistics& statistics = judgement.statistics;
  check_delays(expected, statistics, differences);
  check_counts(expected.injections, statistics.injections, "injector", differences);
  check_counts(expected.rules, statistics.rule_firings, "rule", differences);
  if (expected.min_windows && statistics.windows_closed < *expected.min_windows) {
    differences.push_back(std::to_string(statistics.windows_closed) + " windows closed, at least " +
                          std::to_string(*expected.min_windows) + " were expected");
  }
  if (expected.max_windows && statistics.windows_opened > *expected.max_windows) {
    differences.push_back(std::to_string(statistics.windows_opened) + " windows opened, at most " +
                          std::to_string(*expected.max_windows) + " were expected");
  }
  std::uint64_t faults = 0;
  for (const std::uint64_t count : statistics.faults) faults += count;
  if (expected.min_faults && faults < *expected.min_faults) {
    differences.push_back(std::to_string(faults) + " faults on the vmemmap, at least " +
                          std::to_string(*expected.min_faults) + " were expected");
  }
  return differences;
}

bool wants_more(const Expectation& expectation, const Judgement& so_far) {
  if (expectation.verdict == Verdict::deadlock) return true;
  return expectation.verdict == so_far.verdict && !check_expectation(expectation, so_far).empty();
}

TrialResult conclude(const RecordedPlan& plan, const Judgement& judgement) {
  TrialResult result;
  result.scenario = plan.scenario;
  result.strategy = plan.strategy;
  result.flavour = plan.flavour;
  result.seed = plan.seed;
  result.trial = plan.trial;
  result.repeat = plan.repeat;
  result.scenario_sha256 = plan.scenario_sha256;
  result.vmlinux_sha256 = plan.guest.vmlinux_sha256;
  result.expected = plan.expectation.verdict;
  result.verdict = judgement.verdict;
  result.judgement = judgement;
  result.reasons = judgement.reasons;
  result.differences = check_expectation(plan.expectation, judgement);
  // A failure of ours is never what was hoped for.
  result.ok = result.differences.empty() && judgement.verdict != Verdict::error;
  result.interrupted = std::any_of(judgement.findings.begin(), judgement.findings.end(),
                                   [](const Finding& finding) { return finding.kind == FindingKind::interrupted; });
  return result;
}

TrialResult did_not_run(const std::string& scenario, const Overrides& overrides, const Error& error) {
  TrialResult result;
  result.scenario = scenario;
  result.strategy = overrides.strategy.value_or("");
  result.flavour = overrides.flavour.value_or("");
  result.seed = overrides.seed;
  result.expected = overrides.expect.value_or(Verdict::clean);
  result.reasons.push_back(error.message);
  result.error = error;
  return result;
}

TrialResult did_not_run(const Plan& plan, std::uint64_t trial, const Error& error) {
  TrialResult result = did_not_run(plan.scenario, Overrides{}, error);
  result.strategy = plan.strategy;
  result.flavour = plan.flavour;
  result.seed = plan.seed;
  result.trial = trial;
  result.expected = plan.expectation.verdict;
  result.repeat = repeat_command(plan, trial);
  return result;
}

ErrorKind kind_of_trouble(const Judgement& judgement) {
  const auto& findings = judgement.findings;
  return !findings.empty() && is_host_trouble(findings.front().kind) ? ErrorKind::host : ErrorKind::guest;
}

std::string outcome_of(const TrialResult& trial) {
  if (!trial.verdict) return "not run";
  std::string text(verdict_name(*trial.verdict));
  const auto& findings = trial.judgement.findings;
  if (findings.empty() || findings.front().verdict != *trial.verdict || findings.front().fingerprint.empty())
    return text;
  return text + ", " + findings.front().fingerprint;
}

RecordedPlan recorded(const Plan& plan, std::uint64_t trial) {
  RecordedPlan result;
  result.scenario = plan.scenario;
  result.scenario_sha256 = plan.scenario_sha256;
  result.strategy = plan.strategy;
  result.flavour = plan.flavour;
  result.seed = plan.seed;
  result.trial = trial;
  result.summary = plan.summary;
  result.claims = plan.claims;
  result.cpus = plan.cpus;
  result.memory = plan.memory;
  result.limits = plan.limits;
  result.expectation = plan.expectation;
  result.guest = plan.guest;
  result.host = plan.host;
  result.repeat = repeat_command(plan, trial);
  return result;
}

}  // namespace remapstorm
