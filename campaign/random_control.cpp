// SPDX-License-Identifier: Apache-2.0
#include "campaign/random_control.h"

#include <algorithm>
#include <array>

#include "base/rng.h"
#include "guest/abi/remapstorm_abi.h"
#include "plan/plan.h"
#include "trial/host_share.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kWindows = 7;  // PTE windows of one page's remap
constexpr std::uint64_t kMostFirings = 8;
// A trial that delays a page needs a machine of its own, which takes as long as many others.
constexpr double kDelayed = 0.03;
constexpr std::uint64_t kTakeTurns = 2;  // strategies: trial by trial
constexpr std::uint64_t kShrinksEvery = 4;
// Most of a trial's time would be spent waiting for a grace period of RCU.
constexpr const char* kAppend = "rcupdate.rcu_expedited=1";

class RandomChoice {
 public:
  explicit RandomChoice(std::uint64_t seed) : rng_(seed) {}
  // Uniform enough in [least, most]: the remainder's bias is below 2^-50.
  std::uint64_t number(std::uint64_t least, std::uint64_t most) { return least + rng_.next() % (most - least + 1); }
  template <typename T, std::size_t N>
  T pick(const std::array<T, N>& from) {
    return from[number(0, N - 1)];
  }
  bool chance(double probability) { return rng_.chance(probability); }
  // In steps of 0.1 ms, so that a file says it shortly.
  Nanoseconds milliseconds(std::uint64_t least, std::uint64_t most) {
    return Nanoseconds(static_cast<std::int64_t>(number(least * 10, most * 10)) * 100'000);
  }

 private:
  Rng rng_;
};

struct Moment {
  std::uint16_t probe;
  bool has_level;
};
constexpr std::array kMoments = {
    // Breaks and makes twice: they are what it is about.
    Moment{RS_PROBE_BBM_BREAK, true},  Moment{RS_PROBE_BBM_BREAK, true},    Moment{RS_PROBE_BBM_MAKE, true},
    Moment{RS_PROBE_BBM_MAKE, true},   Moment{RS_PROBE_LOCK_WANT, false},   Moment{RS_PROBE_LOCK_GOT, false},
    Moment{RS_PROBE_LOCK_DROP, false}, Moment{RS_PROBE_FLUSH_BEGIN, false}, Moment{RS_PROBE_FLUSH_END, false},
    Moment{RS_PROBE_REMAP_END, false}, Moment{RS_PROBE_FAULT_ENTER, false}};

EventPattern moment(RandomChoice& random) {
  const Moment chosen = random.pick(kMoments);
  EventPattern pattern;
  pattern.probe = chosen.probe;
  // "level" is the fourth argument of both.
  if (chosen.has_level) pattern.where = {{3, random.chance(0.8) ? RS_LEVEL_PTE : RS_LEVEL_PMD}};
  return pattern;
}

// How often: the nth, every kth, or by chance, and never so often that the trial becomes long.
void how_often(RandomChoice& random, Trigger& when) {
  switch (random.number(0, 2)) {
    case 0:
      when.nth = random.number(1, kWindows);
      return;
    case 1:
      when.every = random.number(1, 5);
      break;
    default:
      when.probability = static_cast<double>(random.number(1, 9)) / 10;
      break;
  }
  when.max = random.number(1, kMostFirings);
}

std::string action(RandomChoice& random) {
  static const std::array<const char*, 4> kActions = {"read-struct-page", "read-struct-page-softirq",
                                                      "read-struct-page-thread", "none"};
  return random.pick(kActions);
}

std::int64_t any_vcpu(RandomChoice& random) {
  return random.chance(0.5) ? kHitVcpu : static_cast<std::int64_t>(random.number(0, 1));
}

Rule interrupt(RandomChoice& random, bool nmi) {
  Rule rule;
  rule.when.pattern = moment(random);
  how_often(random, rule.when);
  rule.action.injector = nmi ? "nmi" : "irq";
  auto& values = rule.action.parameters.values;
  values["vcpu"] = any_vcpu(random);
  // From an NMI only what needs no lock of the guest's own.
  values["action"] = nmi ? std::string(random.chance(0.7) ? "read-struct-page" : "none") : action(random);
  if (!nmi) values["via"] = std::string(arch_of(kHostIsa).interrupt_ways[random.chance(0.5) ? 0 : 1].name);
  return rule;
}

// Once: a hold cannot begin inside another one of the same vCPU.
Rule hold(RandomChoice& random) {
  Rule rule;
  rule.when.pattern = moment(random);
  rule.when.nth = random.number(1, kWindows);
  rule.action.injector = "hold";
  auto& values = rule.action.parameters.values;
  const bool soft = random.chance(0.4);
  values["mode"] = std::string(soft ? "soft" : "hard");
  // A soft one takes effect where the guest rings.
  values["vcpu"] = soft ? kHitVcpu : any_vcpu(random);
  values["for_ms"] = random.milliseconds(1, 20);
  return rule;
}

// Where there is a window: before the first one there is no page to delay. Never before the guest's last access to it,
// or the delay would not end.
Rule delay(RandomChoice& random) {
  Rule rule;
  rule.when.pattern.probe = RS_PROBE_BBM_BREAK;
  rule.when.pattern.where = {{3, RS_LEVEL_PTE}};
  rule.when.nth = random.number(1, kWindows);
  rule.action.injector = "stage2-delay";
  rule.action.parameters.values["page"] = std::string("pte-page");
  rule.action.parameters.values["for_ms"] = random.milliseconds(1, 5);
  return rule;
}

}  // namespace

std::vector<std::string> control_strategies(const std::string& flavour) {
  // A fault that an interrupt takes wants a lock that sleeps on PREEMPT_RT: lockdep says so, and is right.
  if (flavour == "lockdep") return {"inplace"};
  // Who faults on arm64 and comes to look when the entry is back makes the kernel warn (docs/findings/arm64.md): with
  // fault handling that happens by chance.
  if (std::string_view(arch_of(kHostIsa).guest) == "arm64") return {"inplace", "bbml2"};
  return {"inplace", "bbm-fault-irqsafe"};
}

Scenario control_machine(const std::string& strategy, ControlWork work) {
  Scenario scenario;
  scenario.name = "soak";
  scenario.summary = "A random control trial: nothing that is injected may do harm";
  scenario.prediction = "clean, or a stall as long as the harness imposes";
  scenario.strategy = strategy;
  scenario.strategies = {strategy};
  scenario.flavours = {"std", "lockdep", "rt"};
  scenario.cpus = 2;
  scenario.memory = 128ULL << 20;
  scenario.append = kAppend;
  Workload remaps{0, "hugetlb-grow", {{"pages", "1"}}};
  if (work == ControlWork::cycle) remaps = {0, "hugetlb-cycle", {{"pages", "1"}, {"repeat", "1"}}};
  scenario.workloads = {std::move(remaps), {1, "read-target", {}}};
  scenario.expectation.verdict = Verdict::clean;
  return scenario;
}

Scenario random_control(std::uint64_t seed, std::uint64_t trial, const std::string& strategy) {
  const bool shrinks = trial / kTakeTurns % kShrinksEvery == 0;
  Scenario scenario = control_machine(strategy, shrinks ? ControlWork::cycle : ControlWork::grow);
  scenario.name = "soak-" + std::to_string(trial);
  RandomChoice random(trial_seed(seed, "soak " + strategy, trial));
  const std::uint64_t count = random.number(1, 4);
  bool held = false, delayed = !random.chance(kDelayed);
  for (std::uint64_t i = 0; i < count; ++i) {
    Rule rule;
    if (!delayed) {
      rule = delay(random);
      delayed = true;
    } else if (random.chance(0.3) && !held) {
      rule = hold(random);
      held = true;
    } else {
      rule = interrupt(random, strategy == "inplace" && random.chance(0.3));
    }
    rule.name = std::to_string(i + 1) + "-" + rule.action.injector;
    scenario.rules.push_back(std::move(rule));
  }
  return scenario;
}

ControlOutcome control_outcome(const Judgement& judgement, Nanoseconds stall_threshold) {
  switch (judgement.verdict) {
    case Verdict::clean:
      return ControlOutcome::clean;
    case Verdict::error:
      return ControlOutcome::failed;
    case Verdict::stall: {
      // Of several the longest decided; each must be accounted for.
      const bool accounted = std::all_of(judgement.findings.begin(), judgement.findings.end(), [&](const Finding& one) {
        return one.verdict != Verdict::stall || one.length - one.imposed - one.starved <= stall_threshold;
      });
      return accounted ? ControlOutcome::imposed_stall : ControlOutcome::false_alarm;
    }
    default:
      return ControlOutcome::false_alarm;
  }
}

}  // namespace remapstorm
