// SPDX-License-Identifier: Apache-2.0
#include "trial/trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {
namespace {

Candidate at_probe(std::uint16_t probe, int vcpu = 0, std::uint32_t context = RS_CTX_TASK,
                   std::array<std::uint64_t, 4> args = {}) {
  ProbeEvent event;
  event.probe = probe;
  event.context = context;
  event.args = args;
  return {vcpu, Gva{0x1000}, event};
}

Rule on(const std::string& name, std::uint16_t probe = RS_PROBE_BBM_BREAK) {
  Rule rule;
  rule.name = name;
  rule.when.pattern.probe = probe;
  return rule;
}

// Which of `count` equal candidates make rule 0 fire, from 1.
std::vector<unsigned> firings(const Rule& rule, unsigned count, std::uint64_t seed = 1) {
  const std::vector<Rule> rules{rule};
  TriggerSet set(rules, seed);
  std::vector<unsigned> fired;
  for (unsigned i = 1; i <= count; ++i) {
    for (const Firing& firing : set.on_candidate(at_probe(RS_PROBE_BBM_BREAK))) {
      fired.push_back(i);
      EXPECT_EQ(firing.count, fired.size());
    }
  }
  return fired;
}

TEST(Matches, ProbeVcpuContextAndArguments) {
  EventPattern pattern;
  pattern.probe = RS_PROBE_BBM_BREAK;
  EXPECT_TRUE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK)));
  EXPECT_FALSE(matches(pattern, at_probe(RS_PROBE_BBM_MAKE)));
  EXPECT_FALSE(matches(pattern, Candidate{0, Gva{0x1000}, std::nullopt}));
  pattern.vcpu = 1;
  EXPECT_FALSE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK, 0)));
  EXPECT_TRUE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK, 1)));
  pattern.context = Context::hardirq;
  EXPECT_FALSE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK, 1, RS_CTX_NMI)));
  EXPECT_TRUE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK, 1, RS_CTX_HARDIRQ | RS_CTX_IRQS_OFF)));
  pattern.where = {{3, 2}, {0, 7}};
  EXPECT_FALSE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK, 1, RS_CTX_HARDIRQ, {7, 0, 0, 1})));
  EXPECT_TRUE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK, 1, RS_CTX_HARDIRQ, {7, 0, 0, 2})));
  pattern.where = {{4, 0}};  // no such argument
  EXPECT_FALSE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK, 1, RS_CTX_HARDIRQ)));
}

TEST(Matches, Breakpoints) {
  EventPattern pattern;
  pattern.at = "f+0x10";
  EXPECT_FALSE(matches(pattern, Candidate{0, Gva{0}, std::nullopt}));  // not resolved: matches nothing
  pattern.address = Gva{0x1000};
  EXPECT_TRUE(matches(pattern, Candidate{0, Gva{0x1000}, std::nullopt}));
  EXPECT_FALSE(matches(pattern, Candidate{0, Gva{0x1001}, std::nullopt}));
  EXPECT_FALSE(matches(pattern, at_probe(RS_PROBE_BBM_BREAK)));  // a doorbell at the same pc
}

TEST(TriggerSet, EveryCandidateByDefault) { EXPECT_EQ(firings(on("a"), 3), (std::vector<unsigned>{1, 2, 3})); }

TEST(TriggerSet, NthEveryAndMax) {
  Rule rule = on("a");
  rule.when.nth = 3;
  EXPECT_EQ(firings(rule, 9), std::vector<unsigned>{3});
  rule.when.nth = 0;
  rule.when.every = 4;
  EXPECT_EQ(firings(rule, 13), (std::vector<unsigned>{4, 8, 12}));
  rule.when.max = 2;
  EXPECT_EQ(firings(rule, 13), (std::vector<unsigned>{4, 8}));
}

TEST(TriggerSet, EveryKthFromTheNthOn) {
  Rule rule = on("a");
  rule.when.nth = 1;
  rule.when.every = 4;
  EXPECT_EQ(firings(rule, 13), (std::vector<unsigned>{1, 5, 9, 13}));
  rule.when.nth = 6;
  rule.when.max = 2;
  EXPECT_EQ(firings(rule, 30), (std::vector<unsigned>{6, 10}));
}

TEST(TriggerSet, ProbabilityIsThatOfTheSeed) {
  Rule rule = on("a");
  rule.when.probability = 0.25;
  const auto fired = firings(rule, 4000, 42);
  EXPECT_NEAR(static_cast<double>(fired.size()), 1000, 120);
  EXPECT_EQ(firings(rule, 4000, 42), fired);
  EXPECT_NE(firings(rule, 4000, 43), fired);
  rule.when.probability = 0;
  EXPECT_TRUE(firings(rule, 100).empty());
  rule.when.probability = 1;
  EXPECT_EQ(firings(rule, 100).size(), 100U);
}

TEST(TriggerSet, OtherCandidatesAreNotCounted) {
  Rule rule = on("a");
  rule.when.nth = 2;
  rule.when.pattern.vcpu = 1;
  const std::vector<Rule> rules{rule};
  TriggerSet set(rules, 1);
  EXPECT_TRUE(set.on_candidate(at_probe(RS_PROBE_BBM_BREAK, 0)).empty());
  EXPECT_TRUE(set.on_candidate(at_probe(RS_PROBE_BBM_BREAK, 1)).empty());
  EXPECT_TRUE(set.on_candidate(at_probe(RS_PROBE_BBM_MAKE, 1)).empty());
  EXPECT_EQ(set.on_candidate(at_probe(RS_PROBE_BBM_BREAK, 1)).size(), 1U);
  EXPECT_EQ(set.candidates(0), 2U);
  EXPECT_EQ(set.fired(0), 1U);
}

TEST(TriggerSet, AfterStartsCountingAtTheNextCandidate) {
  for (const bool reversed : {false, true}) {
    Rule first = on("first"), second = on("second");
    first.when.nth = 2;
    second.when.after = "first";
    second.when.nth = 1;
    const std::vector<Rule> rules = reversed ? std::vector{second, first} : std::vector{first, second};
    TriggerSet set(rules, 1);
    EXPECT_TRUE(set.on_candidate(at_probe(RS_PROBE_BBM_BREAK)).empty());
    const auto at_two = set.on_candidate(at_probe(RS_PROBE_BBM_BREAK));
    ASSERT_EQ(at_two.size(), 1U);
    EXPECT_EQ(rules[at_two[0].rule].name, "first");
    const auto at_three = set.on_candidate(at_probe(RS_PROBE_BBM_BREAK));
    ASSERT_EQ(at_three.size(), 1U);
    EXPECT_EQ(rules[at_three[0].rule].name, "second");
  }
}

TEST(TriggerSet, SeveralRulesFireInTheOrderOfTheFile) {
  const std::vector<Rule> rules{on("a"), on("b", RS_PROBE_BBM_MAKE), on("c")};
  TriggerSet set(rules, 1);
  const auto fired = set.on_candidate(at_probe(RS_PROBE_BBM_BREAK));
  ASSERT_EQ(fired.size(), 2U);
  EXPECT_EQ(fired[0].rule, 0U);
  EXPECT_EQ(fired[1].rule, 2U);
}

TEST(TriggerSet, KnowsWhenAProbeIsOfNoMoreUse) {
  Rule nth = on("nth"), max = on("max");
  nth.when.nth = 1;
  max.when.max = 2;
  const std::vector<Rule> rules{nth, max};
  TriggerSet set(rules, 1);
  EXPECT_FALSE(set.probe_exhausted(RS_PROBE_BBM_BREAK));
  EXPECT_TRUE(set.probe_exhausted(RS_PROBE_BBM_MAKE));
  (void)set.on_candidate(at_probe(RS_PROBE_BBM_BREAK));
  EXPECT_FALSE(set.probe_exhausted(RS_PROBE_BBM_BREAK));
  (void)set.on_candidate(at_probe(RS_PROBE_BBM_BREAK));
  EXPECT_TRUE(set.probe_exhausted(RS_PROBE_BBM_BREAK));
}

}  // namespace
}  // namespace remapstorm
