// SPDX-License-Identifier: Apache-2.0
// Random control trials: injections that no guest may mind, chosen by a seed. What they are for is the harness:
// whatever else than clean, or a stall that a hold of ours imposed, comes of one is a false alarm.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "plan/scenario.h"
#include "telemetry/finding.h"
#include "telemetry/judge.h"

namespace remapstorm {

// Strategies with which no injection may ever lock up or fault: inplace has no window, and bbm-fault-irqsafe is safe
// from everything but an NMI, which its trials do not get. On arm64 inplace, which emulation lets pass, and bbml2. With
// flavour lockdep inplace only.
std::vector<std::string> control_strategies(const std::string& flavour);

// One to four rules at random moments after the first remap.begin, on a machine of control_machine(). Depends on its
// arguments alone. `strategy`: one of control_strategies().
Scenario random_control(std::uint64_t seed, std::uint64_t trial, const std::string& strategy);

enum class ControlWork : std::uint8_t {
  grow,
  cycle,  // the pool shrinks again, which takes twice as long
};
// The same without rules: machine and workloads, of which there are two, so that trials can share machines.
Scenario control_machine(const std::string& strategy, ControlWork work);

enum class ControlOutcome : std::uint8_t {
  clean,
  imposed_stall,  // as long as the harness itself and a busy host account for
  false_alarm,    // anything that says the guest did wrong
  failed,         // an error of the harness or the host: no result
};
ControlOutcome control_outcome(const Judgement& judgement, Nanoseconds stall_threshold);

}  // namespace remapstorm
