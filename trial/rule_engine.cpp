// SPDX-License-Identifier: Apache-2.0
#include "trial/rule_engine.h"

#include "injectors/catalogue.h"

namespace remapstorm {
namespace {

Parameters drawn(Parameters parameters, Rng& random) {
  const Nanoseconds longest = parameters.length(kLongestOfTrial), shortest = parameters.length("for_ms");
  if (longest <= shortest) return parameters;
  const double more = random.unit() * static_cast<double>((longest - shortest).count());
  parameters.values["for_ms"] = shortest + Nanoseconds(static_cast<std::int64_t>(more));
  return parameters;
}

}  // namespace

Result<std::unique_ptr<RuleEngine>> RuleEngine::create(const Plan& plan, std::uint64_t trial, EventLog& log) {
  std::unique_ptr<RuleEngine> engine(new RuleEngine(plan, trial, log));
  Rng random(trial_seed(plan.seed, plan.scenario + " lengths", trial));
  for (const Rule& rule : plan.rules) {
    const InjectorInfo* info = find_injector(rule.action.injector);
    if (info == nullptr) return usage_error("rule " + rule.name + ": no injector named " + rule.action.injector);
    engine->injectors_.push_back(info->make(drawn(rule.action.parameters, random)));
  }
  return engine;
}

void RuleEngine::on_candidate(const Candidate& candidate, const Place& place, GuestControl& guest) {
  for (const Firing& firing : triggers_.on_candidate(candidate)) {
    act(firing.rule, firing.count, candidate, place, guest);
  }
}

std::uint32_t RuleEngine::act(std::size_t rule_index, std::uint64_t count, const Candidate& candidate,
                              const Place& place, GuestControl& guest) {
  const Rule& rule = plan_.rules[rule_index];
  HitEvent hit_event{rule.name, count, candidate.pc, place.where, {}};
  if (count == 1) hit_event.disassembly = place.code();
  log_.add(candidate.vcpu, std::move(hit_event));

  Hit hit;
  hit.vcpu = static_cast<unsigned>(candidate.vcpu);
  hit.pc = candidate.pc;
  if (candidate.probe) {
    hit.probe = candidate.probe->probe;
    hit.args = candidate.probe->args;
  }
  ReceiptEvent receipt;
  receipt.rule = rule.name;
  receipt.injector = rule.action.injector;
  const Result<Receipt> fired = injectors_[rule_index]->fire(hit, guest);
  if (fired) {
    rule_of_token_.try_emplace(fired->token, rule_index);
    receipt.token = fired->token;
    receipt.target_vcpu = fired->target_vcpu;
    receipt.detail = fired->detail;
    receipt.requested = fired->requested;
  } else {
    receipt.phase = ReceiptEvent::Phase::failed;
    receipt.detail = fired.error().message;
  }
  log_.add(candidate.vcpu, receipt);
  return fired ? fired->token : 0;
}

std::string RuleEngine::rule_of(std::uint32_t token) const {
  const auto found = rule_of_token_.find(token);
  return found == rule_of_token_.end() ? std::string() : plan_.rules[found->second].name;
}

}  // namespace remapstorm
