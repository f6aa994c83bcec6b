// SPDX-License-Identifier: Apache-2.0
#include "trial/trigger.h"

#include "base/check.h"
#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {

bool matches(const EventPattern& pattern, const Candidate& candidate) {
  if (pattern.vcpu && static_cast<int>(*pattern.vcpu) != candidate.vcpu) return false;
  if (!pattern.probe) {
    // A doorbell stop is no breakpoint, even if a probe happens to stand at that address.
    return !candidate.probe && pattern.address && *pattern.address == candidate.pc;
  }
  if (!candidate.probe || candidate.probe->probe != *pattern.probe) return false;
  if (pattern.context && context_of(candidate.probe->context) != *pattern.context) return false;
  for (const ArgumentFilter& filter : pattern.where) {
    if (filter.index >= candidate.probe->args.size() || candidate.probe->args[filter.index] != filter.value) {
      return false;
    }
  }
  return true;
}

namespace {

bool is_turn(const Trigger& when, std::uint64_t seen) {
  const std::uint64_t first = when.nth != 0 ? when.nth : when.every;
  if (seen <= first || when.every == 0) return seen == first;
  return (seen - first) % when.every == 0;
}

}  // namespace

TriggerSet::TriggerSet(const std::vector<Rule>& rules, std::uint64_t seed)
    : rules_(rules), states_(rules.size()), rng_(seed) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].when.after.empty()) continue;
    for (std::size_t other = 0; other < rules.size(); ++other) {
      if (rules[other].name == rules[i].when.after) states_[i].after = other;
    }
    RS_CHECK(states_[i].after.has_value(), "rule after a rule that does not exist");
  }
}

bool TriggerSet::exhausted(std::size_t rule) const {
  const Trigger& when = rules_[rule].when;
  const State& state = states_[rule];
  return (when.max != 0 && state.fired >= when.max) || (when.nth != 0 && when.every == 0 && state.seen >= when.nth);
}

std::vector<Firing> TriggerSet::on_candidate(const Candidate& candidate) {
  std::vector<Firing> firings;
  // Whether `after` is satisfied is decided before any rule of this candidate fires, so the order of rules in the file
  // does not decide whether a chain advances by one or by two.
  std::vector<bool> enabled(rules_.size());
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    enabled[i] = !states_[i].after || states_[*states_[i].after].fired > 0;
  }
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Trigger& when = rules_[i].when;
    State& state = states_[i];
    if (!enabled[i] || exhausted(i) || !matches(when.pattern, candidate)) continue;
    ++state.seen;
    bool fires = true;
    if (when.nth != 0 || when.every != 0) fires = is_turn(when, state.seen);
    if (when.probability >= 0.0) fires = rng_.chance(when.probability);
    if (fires) firings.push_back({i, ++state.fired});
  }
  return firings;
}

bool TriggerSet::probe_exhausted(std::uint16_t probe) const {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].when.pattern.probe == probe && !exhausted(i)) return false;
  }
  return true;
}

}  // namespace remapstorm
