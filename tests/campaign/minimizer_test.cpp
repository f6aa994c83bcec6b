// SPDX-License-Identifier: Apache-2.0
// The search against made-up guests: functions that say what a scenario comes to.
#include "campaign/minimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"
#include "plan/scenario_writer.h"
#include "tests/plan/catalogue.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

constexpr const char* kDeadlock = "deadlock, a:b:c";

Rule rule(const std::string& name, const std::string& after = {}) {
  Rule one;
  one.name = name;
  one.when.pattern.probe = std::uint16_t{3};
  one.when.after = after;
  one.action.injector = "irq";
  one.action.parameters.values["via"] = std::string("msi");
  one.action.parameters.values["vcpu"] = kHitVcpu;
  return one;
}

Scenario scenario_with(const std::vector<Rule>& rules) {
  Scenario scenario = *parse_scenario(kGoodScenario, "mine.toml", test_vocabulary()).scenario;
  scenario.rules = rules;
  scenario.expectation = {};
  scenario.expectation.verdict = Verdict::deadlock;
  scenario.other_expectations.clear();
  return scenario;
}

std::vector<std::string> names_of(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const Rule& one : scenario.rules) names.push_back(one.name);
  return names;
}

bool has(const Scenario& scenario, const std::string& name) {
  const auto names = names_of(scenario);
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A guest that fails if and only if `fails` says so.
TryScenario guest(const std::function<bool(const Scenario&)>& fails) {
  return [fails](const Scenario& candidate, std::uint64_t) -> Result<std::optional<std::string>> {
    return std::optional<std::string>(fails(candidate) ? kDeadlock : "clean");
  };
}

Minimized run(const Scenario& scenario, const TryScenario& guest, std::uint64_t tries = 1, std::uint64_t needed = 1) {
  return minimize(scenario, test_vocabulary(), {kDeadlock, tries, needed}, guest, {});
}

TEST(Minimizer, KeepsTheOnlyRuleThatMatters) {
  std::vector<Rule> rules;
  for (int i = 0; i < 12; ++i) rules.push_back(rule("r" + std::to_string(i)));
  const Minimized result = run(scenario_with(rules), guest([](const Scenario& s) { return has(s, "r7"); }));
  EXPECT_EQ(names_of(result.scenario), std::vector<std::string>{"r7"});
  EXPECT_TRUE(result.complete);
  EXPECT_EQ(result.repeated, 1U);
  EXPECT_LT(result.trials, 60U);
}

TEST(Minimizer, KeepsRulesThatMatterTogether) {
  std::vector<Rule> rules;
  for (int i = 0; i < 9; ++i) rules.push_back(rule("r" + std::to_string(i)));
  const auto fails = [](const Scenario& s) { return has(s, "r0") && has(s, "r4") && has(s, "r8"); };
  EXPECT_EQ(names_of(run(scenario_with(rules), guest(fails)).scenario), (std::vector<std::string>{"r0", "r4", "r8"}));
}

TEST(Minimizer, DropsAllRulesIfTheWorkloadsFailAlone) {
  const Minimized result = run(scenario_with({rule("a"), rule("b")}), guest([](const Scenario&) { return true; }));
  EXPECT_TRUE(result.scenario.rules.empty());
  EXPECT_EQ(result.scenario.workloads.size(), 1U) << "the one that ends must stay";
  EXPECT_EQ(result.scenario.workloads[0].run, "hugetlb-cycle");
  EXPECT_EQ(result.scenario.cpus, 1U);
  for (const auto& [key, value] : result.scenario.workloads[0].arguments) EXPECT_EQ(value, "1") << key;
}

TEST(Minimizer, WhatCameAfterARuleThatIsGoneComesAfterItsForerunner) {
  const Scenario scenario = scenario_with({rule("a"), rule("b", "a"), rule("c", "b"), rule("d", "c")});
  EXPECT_EQ(with_rules(scenario, {0, 3}).rules[1].when.after, "a");
  EXPECT_EQ(with_rules(scenario, {3}).rules[0].when.after, "");
  Scenario counting = scenario;
  counting.expectation.rules = {{"a", 1}, {"d", 2}};
  EXPECT_EQ(with_rules(counting, {3}).expectation.rules, (std::map<std::string, std::uint64_t>{{"d", 2}}));
}

TEST(Minimizer, FindsTheSmallestNumbers) {
  Rule one = rule("a");
  one.when.nth = 400;
  one.action.injector = "hold";
  one.action.parameters.values.erase("via");
  one.action.parameters.values["for_ms"] = Nanoseconds(3'000'000'000);
  Scenario scenario = scenario_with({one});
  scenario.workloads[0].arguments = {{"pages", "500"}, {"repeat", "1000"}};
  const auto fails = [](const Scenario& s) {
    if (s.rules.empty() || s.workloads.empty()) return false;
    const auto& arguments = s.workloads[0].arguments;
    return s.rules[0].when.nth >= 37 && s.rules[0].action.parameters.length("for_ms") >= Nanoseconds(200'000'000) &&
           std::stoul(arguments[0].second) >= 6 && std::stoul(arguments[1].second) >= 2;
  };
  const Minimized result = run(scenario, guest(fails));
  EXPECT_EQ(result.scenario.rules[0].when.nth, 37U);
  EXPECT_EQ(result.scenario.workloads[0].arguments[0].second, "6");
  EXPECT_EQ(result.scenario.workloads[0].arguments[1].second, "2");
  const double ms = static_cast<double>(result.scenario.rules[0].action.parameters.length("for_ms").count()) / 1e6;
  EXPECT_GE(ms, 200);
  EXPECT_LE(ms, 215) << "within the grain of a length";
  EXPECT_TRUE(fails(result.scenario));
}

TEST(Minimizer, GivesUpChanceAndRepetitionWhereItCan) {
  Rule one = rule("a");
  one.when.probability = 0.25;
  const Minimized result = run(scenario_with({one}), guest([](const Scenario& s) { return has(s, "a"); }));
  EXPECT_LT(result.scenario.rules[0].when.probability, 0);
  EXPECT_EQ(result.scenario.rules[0].when.max, 1U);
}

TEST(Minimizer, AnotherOutcomeDoesNotCount) {
  const TryScenario other = [](const Scenario& s, std::uint64_t) -> Result<std::optional<std::string>> {
    if (s.rules.size() == 3) return std::optional<std::string>(kDeadlock);
    return std::optional<std::string>("deadlock, x:y:z");  // the same verdict, by another way
  };
  const Minimized result = run(scenario_with({rule("a"), rule("b"), rule("c")}), other);
  EXPECT_EQ(result.scenario.rules.size(), 3U);
}

TEST(Minimizer, NeverAsksTheSameTwiceNorForWhatTheReaderRefuses) {
  std::multiset<std::string> asked;
  const TryScenario counting = [&](const Scenario& s, std::uint64_t) -> Result<std::optional<std::string>> {
    asked.insert(scenario_toml(s));
    EXPECT_TRUE(parse_scenario(scenario_toml(s), "x", test_vocabulary()).scenario);
    return std::optional<std::string>(has(s, "b") && has(s, "d") ? kDeadlock : "clean");
  };
  const Minimized result = run(scenario_with({rule("a"), rule("b", "a"), rule("c", "b"), rule("d", "c")}), counting);
  for (const std::string& text : asked) {
    const std::size_t confirmations = text == scenario_toml(result.scenario) ? 1 : 0;
    EXPECT_LE(asked.count(text), 1 + confirmations);
  }
}

// A guest that fails only now and then, and never without rule "b".
TryScenario flaky(Rng& rng, double probability) {
  return [&rng, probability](const Scenario& s, std::uint64_t) -> Result<std::optional<std::string>> {
    return std::optional<std::string>(has(s, "b") && rng.chance(probability) ? kDeadlock : "clean");
  };
}

TEST(Minimizer, AFlakyFailureIsReportedAsOftenAsItCame) {
  unsigned smallest = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const Minimized result = run(scenario_with({rule("a"), rule("b"), rule("c"), rule("d")}), flaky(rng, 0.8), 5, 3);
    EXPECT_TRUE(has(result.scenario, "b")) << "whatever was found can fail";
    EXPECT_EQ(result.confirmed_with, 5U);
    EXPECT_LE(result.repeated, 5U);
    if (result.scenario.rules.size() == 1) ++smallest;
    for (const MinimizeStep& step : result.steps) {
      EXPECT_EQ(step.counts, step.seen >= 3);
      EXPECT_LE(step.tried, 5U);
      EXPECT_TRUE(step.seen == 3 || step.tried - step.seen == 3) << "no try after the answer is known";
    }
  }
  EXPECT_GT(smallest, 35U);
}

TEST(Minimizer, ARareFailureIsNotMadeSmallerByLuckAlone) {
  // One in ten: three of five hardly ever come together, so nearly nothing may count.
  unsigned counted = 0, steps = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const Minimized result = run(scenario_with({rule("a"), rule("b"), rule("c")}), flaky(rng, 0.1), 5, 3);
    for (const MinimizeStep& step : result.steps) {
      counted += step.counts ? 1 : 0;
      ++steps;
    }
  }
  EXPECT_LT(counted * 20, steps);
}

TEST(Minimizer, StoppingKeepsTheSmallestSoFar) {
  unsigned left = 4;
  const TryScenario stopping = [&](const Scenario& s, std::uint64_t) -> Result<std::optional<std::string>> {
    if (left == 0) return std::optional<std::string>();
    --left;
    return std::optional<std::string>(has(s, "r0") ? kDeadlock : "clean");
  };
  std::vector<Rule> rules;
  for (int i = 0; i < 8; ++i) rules.push_back(rule("r" + std::to_string(i)));
  const Minimized result = run(scenario_with(rules), stopping);
  EXPECT_FALSE(result.complete);
  EXPECT_FALSE(result.error);
  EXPECT_LT(result.scenario.rules.size(), 8U);
  EXPECT_TRUE(has(result.scenario, "r0"));
  EXPECT_EQ(result.trials, 4U);
}

TEST(Minimizer, TroubleOfTheHostEndsTheSearchAndIsTold) {
  unsigned calls = 0;
  const TryScenario failing = [&](const Scenario&, std::uint64_t) -> Result<std::optional<std::string>> {
    if (++calls == 3) return host_error("no space left");
    return std::optional<std::string>("clean");
  };
  const Minimized result = run(scenario_with({rule("a"), rule("b"), rule("c")}), failing);
  ASSERT_TRUE(result.error);
  EXPECT_THAT(result.error->message, HasSubstr("no space left"));
  EXPECT_EQ(calls, 3U);
  EXPECT_EQ(result.scenario.rules.size(), 3U);
}

TEST(Minimizer, TellsEachStep) {
  std::vector<std::string> told;
  minimize(scenario_with({rule("a"), rule("b")}), test_vocabulary(), {kDeadlock, 1, 1},
           guest([](const Scenario& s) { return has(s, "b"); }),
           [&](const MinimizeStep& step) { told.push_back(step.change + (step.counts ? " +" : " -")); });
  ASSERT_GE(told.size(), 3U);
  EXPECT_EQ(told[0], "without any rule -");
  EXPECT_EQ(told[1], "without rule b -");
  EXPECT_EQ(told[2], "without rule a +");
}

}  // namespace
}  // namespace remapstorm
