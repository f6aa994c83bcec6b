// SPDX-License-Identifier: Apache-2.0
#include "campaign/minimize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/scenario_writer.h"
#include "tests/campaign/fake_executor.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

Rule interrupt(const std::string& name, std::uint64_t nth) {
  Rule rule;
  rule.name = name;
  rule.when.pattern.probe = std::uint16_t{3};
  rule.when.nth = nth;
  rule.action.injector = "irq";
  rule.action.parameters.values["vcpu"] = std::int64_t{0};
  return rule;
}

// Fails as long as the rule `culprit` is there.
class MinimizeFake : public testing::Test {
 protected:
  MinimizeFake() : scenario_(harmless("mine")) {
    scenario_.rules = {interrupt("bystander", 1), interrupt("culprit", 2)};
    scenario_.text = scenario_toml(scenario_, "");
    fake_.executor.comes_to = [](const Plan& plan, const TrialResult&) {
      const bool fails =
          std::any_of(plan.rules.begin(), plan.rules.end(), [](const Rule& rule) { return rule.name == "culprit"; });
      return conclude(recorded(plan, 0), judged(fails ? Verdict::deadlock : Verdict::clean));
    };
    options_.run.output_dir = fake_.folder.file("out");
    options_.tries = 1;
    options_.needed = 1;
  }

  FakeCampaign fake_;
  Scenario scenario_;
  MinimizeRunOptions options_;
};

TEST_F(MinimizeFake, LeavesTheSmallestAndALineThatRepeatsIt) {
  MinimizeCampaign campaign(fake_.context(), options_);
  ASSERT_TRUE(campaign.prepare(scenario_).ok());
  const Result<bool> wanted = campaign.find_outcome();
  ASSERT_TRUE(wanted.ok()) << wanted.error().message;
  ASSERT_TRUE(*wanted);
  EXPECT_EQ(campaign.verdict(), "deadlock");
  const Status written = campaign.run();
  ASSERT_TRUE(written.ok()) << written.error().message;
  ASSERT_EQ(campaign.found().scenario.rules.size(), 1U);
  EXPECT_EQ(campaign.found().scenario.rules[0].name, "culprit");
  EXPECT_THAT(text_of(campaign.file()), HasSubstr("culprit"));
  EXPECT_THAT(campaign.repeat_line(), HasSubstr(campaign.file()));
  EXPECT_EQ(text_of(fake_.folder.file("out/reproduce")), campaign.repeat_line() + "\n");
}

TEST_F(MinimizeFake, WhatIsCleanHasNothingToMinimize) {
  fake_.executor.comes_to = {};
  MinimizeCampaign campaign(fake_.context(), options_);
  ASSERT_TRUE(campaign.prepare(scenario_).ok());
  const Result<bool> wanted = campaign.find_outcome();
  ASSERT_FALSE(wanted.ok());
  EXPECT_EQ(wanted.error().kind, ErrorKind::usage);
  EXPECT_THAT(wanted.error().message, HasSubstr("nothing to minimize"));
}

TEST_F(MinimizeFake, ASignalBeforeTheFirstVerdictLeavesNothing) {
  fake_.stop = true;
  MinimizeCampaign campaign(fake_.context(), options_);
  ASSERT_TRUE(campaign.prepare(scenario_).ok());
  const Result<bool> wanted = campaign.find_outcome();
  ASSERT_TRUE(wanted.ok());
  EXPECT_FALSE(*wanted);
}

TEST_F(MinimizeFake, AHostThatFailsEndsTheSearchWithWhatItHas) {
  MinimizeCampaign campaign(fake_.context(), options_);
  ASSERT_TRUE(campaign.prepare(scenario_).ok());
  ASSERT_TRUE(campaign.find_outcome().ok());
  fake_.executor.comes_to = [](const Plan& plan, const TrialResult&) {
    return did_not_run(plan, 0, host_error("no memory"));
  };
  ASSERT_TRUE(campaign.run().ok());
  ASSERT_TRUE(campaign.found().error);
  EXPECT_EQ(campaign.found().error->message, "no memory");
  EXPECT_EQ(campaign.found().scenario.rules.size(), 2U);
}

}  // namespace
}  // namespace remapstorm
