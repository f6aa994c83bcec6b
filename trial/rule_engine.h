// SPDX-License-Identifier: Apache-2.0
// RuleEngine: at each moment a trigger might mean, asks the TriggerSet and lets the injectors of the rules that fire
// act. Logs hits and receipts. One per trial; the Machine's lock orders its callers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "injectors/injector.h"
#include "plan/plan.h"
#include "trial/event_log.h"
#include "trial/trigger.h"

namespace remapstorm {

class RuleEngine {
 public:
  // `plan` and `log` must outlive this. Error: usage for an injector the catalogue does not know.
  static Result<std::unique_ptr<RuleEngine>> create(const Plan& plan, std::uint64_t trial, EventLog& log);

  // For the log: a probe's name or symbol+offset, and, asked for a rule's first hit only, the code around it.
  struct Place {
    std::string where;
    std::function<std::vector<DisassembledLine>()> code;
  };
  void on_candidate(const Candidate& candidate, const Place& place, GuestControl& guest);
  // Lets one rule act now, whatever its trigger says: for an explorer, which chooses the moment itself. `count`: which
  // time, from 1. Returns the token of the injection, 0 if it failed.
  std::uint32_t act(std::size_t rule, std::uint64_t count, const Candidate& candidate, const Place& place,
                    GuestControl& guest);
  // The rule that an injection of this trial came from; empty if there is none of that token.
  [[nodiscard]] std::string rule_of(std::uint32_t token) const;

 private:
  RuleEngine(const Plan& plan, std::uint64_t trial, EventLog& log)
      : plan_(plan), log_(log), triggers_(plan.rules, trial_seed(plan.seed, plan.scenario, trial)) {}

  const Plan& plan_;
  EventLog& log_;
  TriggerSet triggers_;
  std::vector<std::unique_ptr<Injector>> injectors_;  // one per rule
  std::map<std::uint32_t, std::size_t> rule_of_token_;
};

}  // namespace remapstorm
