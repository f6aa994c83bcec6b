// SPDX-License-Identifier: Apache-2.0
#include "campaign/random_control.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/scenario_files.h"
#include "plan/scenario_writer.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

const std::vector<std::string> kStrategies = control_strategies("std");

std::string mistakes_of(const ParsedScenario& parsed) {
  std::string text;
  for (const Diagnostic& one : parsed.mistakes) text += to_string(one) + "\n";
  return text;
}

TEST(RandomControl, TenThousandOfThemAreScenariosThatTheReaderTakes) {
  const Vocabulary vocabulary = full_vocabulary();
  for (std::uint64_t trial = 0; trial < 10'000; ++trial) {
    const std::string& strategy = kStrategies[trial % kStrategies.size()];
    const std::string text = scenario_toml(random_control(7, trial, strategy), "SPDX-License-Identifier: Apache-2.0");
    const ParsedScenario parsed = parse_scenario(text, "soak.toml", vocabulary);
    ASSERT_TRUE(parsed.scenario.has_value()) << trial << "\n" << mistakes_of(parsed) << text;
    // A file repeats the trial: nothing is lost on the way.
    ASSERT_EQ(scenario_toml(*parsed.scenario, "SPDX-License-Identifier: Apache-2.0"), text);
  }
}

TEST(RandomControl, NothingInThemMayHarm) {
  std::map<std::string, std::uint64_t> injectors;
  std::set<std::string> probes, actions;
  for (std::uint64_t trial = 0; trial < 10'000; ++trial) {
    const std::string& strategy = kStrategies[trial % kStrategies.size()];
    const Scenario scenario = random_control(1, trial, strategy);
    ASSERT_FALSE(scenario.rules.empty());
    int holds = 0, delays = 0;
    for (const Rule& rule : scenario.rules) {
      const std::string& injector = rule.action.injector;
      const Parameters& parameters = rule.action.parameters;
      ++injectors[injector];
      probes.insert(std::string(probe_by_number(*rule.when.pattern.probe)->name));
      actions.insert(parameters.text("action"));
      EXPECT_TRUE(injector != "nmi" || strategy == "inplace") << "an NMI really locks up " << strategy;
      if (injector == "hold") {
        ++holds;
        EXPECT_NE(rule.when.nth, 0U) << "a hold inside a hold fails";
        EXPECT_TRUE(parameters.text("mode") == "hard" || parameters.integer("vcpu", kHitVcpu) == kHitVcpu);
        EXPECT_GE(parameters.length("for_ms"), std::chrono::milliseconds(1));
        EXPECT_LE(parameters.length("for_ms"), std::chrono::milliseconds(20));
      }
      delays += injector == "stage2-delay" ? 1 : 0;
    }
    EXPECT_LE(holds, 1);
    EXPECT_LE(delays, 1);
    EXPECT_EQ(scenario.expectation.verdict, Verdict::clean);
  }
  for (const char* injector : {"irq", "nmi", "hold", "stage2-delay"}) EXPECT_GT(injectors[injector], 100U) << injector;
  EXPECT_GE(probes.size(), 9U);
  EXPECT_GE(actions.size(), 4U);
}

TEST(RandomControl, TheSameSeedIsTheSameTrialAndAnotherIsNot) {
  const auto text = [](std::uint64_t seed, std::uint64_t trial, const char* strategy) {
    return scenario_toml(random_control(seed, trial, strategy));
  };
  EXPECT_EQ(text(1, 5, "inplace"), text(1, 5, "inplace"));
  EXPECT_NE(text(1, 5, "inplace"), text(2, 5, "inplace"));
  std::set<std::string> different;
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    Scenario scenario = random_control(1, trial, "inplace");
    scenario.name = "same";
    different.insert(scenario_toml(scenario));
  }
  EXPECT_GT(different.size(), 195U);
}

Judgement trial_judged(Verdict verdict, Nanoseconds length = Nanoseconds(0), Nanoseconds imposed = Nanoseconds(0),
                       Nanoseconds starved = Nanoseconds(0)) {
  Judgement judgement;
  judgement.verdict = verdict;
  if (verdict == Verdict::clean) return judgement;
  Finding finding;
  finding.verdict = verdict;
  finding.length = length;
  finding.imposed = imposed;
  finding.starved = starved;
  judgement.findings = {finding};
  return judgement;
}

TEST(ControlOutcomes, OnlyWhatSaysThatTheGuestDidWrongIsAFalseAlarm) {
  using std::chrono::milliseconds;
  const auto of = [](const Judgement& judgement) { return control_outcome(judgement, milliseconds(100)); };
  EXPECT_EQ(of(trial_judged(Verdict::clean)), ControlOutcome::clean);
  EXPECT_EQ(of(trial_judged(Verdict::error)), ControlOutcome::failed);
  for (const Verdict verdict : {Verdict::deadlock, Verdict::oops, Verdict::lockdep, Verdict::bug, Verdict::lost_update,
                                Verdict::hang, Verdict::timeout}) {
    EXPECT_EQ(of(trial_judged(verdict)), ControlOutcome::false_alarm) << verdict_name(verdict);
  }
  EXPECT_EQ(of(trial_judged(Verdict::stall, milliseconds(150), milliseconds(60))), ControlOutcome::imposed_stall);
  EXPECT_EQ(of(trial_judged(Verdict::stall, milliseconds(150), milliseconds(40))), ControlOutcome::false_alarm);
  EXPECT_EQ(of(trial_judged(Verdict::stall, milliseconds(150), milliseconds(40), milliseconds(20))),
            ControlOutcome::imposed_stall);
}

}  // namespace
}  // namespace remapstorm
