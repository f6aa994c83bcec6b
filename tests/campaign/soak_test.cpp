// SPDX-License-Identifier: Apache-2.0
#include "campaign/soak.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "campaign/compare.h"
#include "results/exit_code.h"
#include "tests/campaign/fake_executor.h"

namespace remapstorm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SoakOptions some(const FakeCampaign& fake, std::uint64_t trials) {
  SoakOptions options;
  options.trials = trials;
  options.strategies = {"inplace", "bbm-fault-irqsafe"};
  options.hosts = {kKvmHost};
  options.jobs = 1;
  options.output_dir = fake.folder.file("out");
  return options;
}

TEST(SoakCampaign, CleanTrialsAreNothing) {
  FakeCampaign fake;
  SoakCampaign campaign(fake.context(), some(fake, 5));
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  EXPECT_EQ(campaign.soak().counts.at("inplace").clean, 3U);
  EXPECT_EQ(campaign.soak().counts.at("bbm-fault-irqsafe").clean, 2U);
  EXPECT_EQ(campaign.exit_code(), kExitOk);
  EXPECT_TRUE(campaign.write_output("{}").ok());
}

TEST(SoakCampaign, AFalseAlarmIsKeptAndCanBeRepeated) {
  FakeCampaign fake;
  int number = 0;
  fake.executor.control_to = [&](const Plan& plan, std::vector<Event>& events) -> Result<TrialResult> {
    events.push_back({});
    return ended_as(plan, ++number == 2 ? Verdict::deadlock : Verdict::clean);
  };
  SoakCampaign campaign(fake.context(), some(fake, 3));
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  EXPECT_EQ(campaign.exit_code(), kExitDiffers);
  ASSERT_EQ(campaign.soak().false_alarms.size(), 1U);
  const SoakTrial& alarm = campaign.soak().false_alarms[0];
  EXPECT_EQ(alarm.number, 1U);
  EXPECT_THAT(alarm.repeat, HasSubstr(alarm.folder));
  EXPECT_TRUE(std::filesystem::exists(campaign.directory() + "/" + alarm.folder + "/events.jsonl"));
  ASSERT_TRUE(campaign.write_output("{}").ok());
  std::filesystem::remove(campaign.directory() + "/" + alarm.folder + "/events.jsonl");
  EXPECT_FALSE(campaign.write_output("{}").ok());
}

TEST(SoakCampaign, WhatTheHostSpoiltIsMadeAgainOnce) {
  FakeCampaign fake;
  int calls = 0;
  fake.executor.control_to = [&](const Plan& plan, std::vector<Event>&) -> Result<TrialResult> {
    if (++calls == 2) return host_error("no memory");
    return ended_as(plan, Verdict::clean);
  };
  SoakCampaign campaign(fake.context(), some(fake, 2));
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  EXPECT_EQ(campaign.soak().made_again, 1U);
  EXPECT_EQ(campaign.soak().sum().clean, 2U);
  EXPECT_EQ(calls, 3);
}

TEST(SoakCampaign, AHostThatFailsTwiceEndsIt) {
  FakeCampaign fake;
  fake.executor.control_to = [](const Plan&, std::vector<Event>&) -> Result<TrialResult> {
    return host_error("no memory");
  };
  SoakCampaign campaign(fake.context(), some(fake, 100));
  ASSERT_TRUE(campaign.prepare().ok());
  EXPECT_EQ(campaign.run().error().message, "no memory");
}

TEST(SoakCampaign, AStrategyOrHostThatCannotRunIsSaid) {
  FakeCampaign fake;
  fake.executor.cannot_plan.emplace("inplace", unavailable_error("no such strategy"));
  SoakOptions options = some(fake, 2);
  options.hosts = {kKvmHost, "lab:x86"};
  SoakCampaign campaign(fake.context(), options);
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  EXPECT_THAT(fake.observer.troubles,
              ElementsAre("inplace is not run: no such strategy", "lab:x86 is not run: no lab here"));
  EXPECT_EQ(campaign.exit_code(), kExitUnavailable);
  EXPECT_EQ(campaign.soak().sum().clean, 2U);
}

TEST(CompareCampaign, WhatTheHarnessFailedAtIsNoFigure) {
  FakeCampaign fake;
  fake.executor.comes_to = [&](const Plan& plan, TrialResult result) {
    return plan.strategy == "bbm-fault" ? conclude(recorded(plan, 0), judged(Verdict::error)) : result;
  };
  CompareOptions options;
  options.strategies = {"inplace", "bbm-fault", "pause-nmi"};
  options.repeat = 1;
  options.output_dir = fake.folder.file("out");
  CompareCampaign campaign(fake.context(), options, std::nullopt, {});
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  const Comparison& comparison = campaign.comparison();
  ASSERT_EQ(comparison.strategies.size(), 3U);
  EXPECT_THAT(comparison.strategies[2].not_run, HasSubstr("has no such strategy"));
  EXPECT_THAT(fake.observer.notes, testing::Contains(HasSubstr("bbm-fault, ")));
  EXPECT_NE(campaign.exit_code(), kExitOk);
  for (const std::string& trial : fake.executor.ran) EXPECT_THAT(trial, testing::Not(HasSubstr("pause-nmi")));
}

TEST(CompareCampaign, WhatCouldNotBeCountedIsNoSuccess) {
  FakeCampaign fake;
  CompareOptions options;
  options.strategies = {"inplace", "bbm-fault"};
  options.repeat = 2;
  options.count = true;
  options.output_dir = fake.folder.file("out");
  CompareCampaign campaign(fake.context(), options, std::nullopt, [](const Plan& quiet, const Plan&) {
    CountRun run;
    if (quiet.strategy == "bbm-fault") run.trouble = "no remap came";
    return Result<CountRun>(run);
  });
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  EXPECT_EQ(campaign.comparison().strategies[0].count.runs.size(), 2U);
  EXPECT_EQ(fake.observer.notes.front(), "bbm-fault is not counted: no remap came");
  EXPECT_EQ(campaign.exit_code(), kExitUnavailable);
}

}  // namespace
}  // namespace remapstorm
