// SPDX-License-Identifier: Apache-2.0
#include "campaign/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "campaign/serve.h"
#include "results/exit_code.h"
#include "tests/campaign/fake_executor.h"

namespace remapstorm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RunOptions into(const FakeCampaign& fake) {
  RunOptions options;
  options.output_dir = fake.folder.file("out");
  return options;
}

TEST(RunCampaign, RunsEachScenarioAsOftenAsAsked) {
  FakeCampaign fake;
  RunOptions options = into(fake);
  options.repeat = 2;
  RunCampaign campaign(fake.context(), options, {harmless("a"), harmless("b")}, {});
  ASSERT_TRUE(campaign.plan().ok());
  auto output = campaign.make_output();
  ASSERT_TRUE(output.ok()) << output.error().message;
  EXPECT_THAT(fake.observer.folders, ElementsAre(output->working_path()));
  const auto results = campaign.run_all(*output, RunCampaign::NotRun::told);
  EXPECT_THAT(fake.executor.ran, ElementsAre("a inplace 1 0", "a inplace 1 1", "b inplace 1 0", "b inplace 1 1"));
  EXPECT_THAT(fake.observer.trials, ElementsAre("a: clean", "a: clean", "b: clean", "b: clean"));
  EXPECT_EQ(exit_code(results), kExitOk);
  ASSERT_TRUE(campaign.write_output(*output, results).ok());
  ASSERT_TRUE(output->finish().ok());
  EXPECT_THAT(text_of(fake.folder.file("out/reproduce")), HasSubstr("--repeat 2"));
  EXPECT_TRUE(std::filesystem::exists(fake.folder.file("out/a/inplace/trial-1/events.jsonl")));
}

TEST(RunCampaign, WhatOneLacksIsNoTroubleOfTheOthers) {
  FakeCampaign fake;
  fake.executor.cannot_plan.emplace("bbm-fault", unavailable_error("no such strategy"));
  Scenario lacking = harmless("lacking");
  lacking.strategy = "bbm-fault";
  RunCampaign campaign(fake.context(), into(fake), {lacking, harmless("b")}, {});
  ASSERT_TRUE(campaign.plan().ok());
  auto output = campaign.make_output();
  const auto results = campaign.run_all(*output, RunCampaign::NotRun::told);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].trials.front().error->message, "no such strategy");
  EXPECT_THAT(fake.observer.trials, ElementsAre("lacking: not run", "b: clean"));
  EXPECT_EQ(exit_code(results), kExitUnavailable);
}

TEST(RunCampaign, AMistakeInOneEndsItBeforeTheFirstGuest) {
  FakeCampaign fake;
  fake.executor.cannot_plan.emplace("bbm-fault", usage_error("no such symbol"));
  Scenario wrong = harmless("wrong");
  wrong.strategy = "bbm-fault";
  RunCampaign campaign(fake.context(), into(fake), {harmless("a"), wrong}, {});
  EXPECT_EQ(campaign.plan().error().message, "no such symbol");
  EXPECT_TRUE(fake.executor.ran.empty());
}

TEST(RunCampaign, ATrialThatShowedNothingBeforeTheSignalIsNoResult) {
  FakeCampaign fake;
  fake.executor.comes_to = [&](const Plan&, TrialResult result) {
    if (fake.executor.ran.size() < 2) return result;
    fake.stop = true;
    result.interrupted = true;
    result.verdict = Verdict::error;
    return result;
  };
  RunOptions options = into(fake);
  options.repeat = 5;
  RunCampaign campaign(fake.context(), options, {harmless("a"), harmless("b")}, {});
  ASSERT_TRUE(campaign.plan().ok());
  auto output = campaign.make_output();
  const auto results = campaign.run_all(*output, RunCampaign::NotRun::told);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].trials.size(), 1U);
  EXPECT_TRUE(campaign.info("").interrupted);
}

TEST(RunCampaign, AMachineWithoutKvmRunsNone) {
  FakeCampaign fake;
  fake.executor.cannot_open = unavailable_error("no /dev/kvm");
  RunCampaign campaign(fake.context(), into(fake), {harmless("a"), harmless("b")}, {});
  const Status planned = campaign.plan();
  ASSERT_FALSE(planned.ok());
  const auto results = campaign.none_run(planned.error());
  EXPECT_THAT(fake.observer.trials, ElementsAre("a: not run", "b: not run"));
  EXPECT_EQ(exit_code(results), kExitUnavailable);
}

ServeOptions rounds(const FakeCampaign& fake, std::uint64_t count) {
  ServeOptions options;
  options.run = into(fake);
  options.rounds = count;
  return options;
}

TEST(ServeCampaign, GivesEachRoundATrialOfItsOwnAndKeepsTheNewest) {
  FakeCampaign fake;
  ServeOptions options = rounds(fake, 4);
  options.keep.last = 2;
  std::vector<std::string> outcomes;
  ServeCampaign campaign(fake.context(), options, {harmless("a")}, {},
                         [&](const ServedRound& round) { outcomes.push_back(round.outcome); });
  ASSERT_TRUE(campaign.prepare().ok());
  const Served& served = campaign.run();
  EXPECT_THAT(fake.executor.ran, ElementsAre("a inplace 1 0", "a inplace 1 1", "a inplace 1 2", "a inplace 1 3"));
  EXPECT_EQ(served.trials, 4U);
  EXPECT_EQ(served.exit_code, kExitOk);
  EXPECT_EQ(campaign.rounds_kept(), 2U);
  EXPECT_FALSE(std::filesystem::exists(fake.folder.file("out/round-000001")));
  EXPECT_TRUE(std::filesystem::exists(fake.folder.file("out/round-000003/results.json")));
  EXPECT_THAT(outcomes, ElementsAre("", "", "", ""));
}

TEST(ServeCampaign, ARareOutcomeStaysAndDecidesTheExitCode) {
  FakeCampaign fake;
  ServeOptions options = rounds(fake, 4);
  options.keep.last = 1;
  fake.executor.comes_to = [&](const Plan& plan, TrialResult result) {
    return fake.executor.ran.size() == 2 ? conclude(recorded(plan, 1), judged(Verdict::hang)) : result;
  };
  std::vector<std::string> outcomes;
  ServeCampaign campaign(fake.context(), options, {harmless("a")}, {},
                         [&](const ServedRound& round) { outcomes.push_back(round.outcome); });
  ASSERT_TRUE(campaign.prepare().ok());
  EXPECT_EQ(campaign.run().exit_code, kExitDiffers);
  EXPECT_THAT(outcomes, ElementsAre("", HasSubstr("a: hang"), "", ""));
  EXPECT_TRUE(std::filesystem::exists(fake.folder.file("out/round-000001/results.json")));
  EXPECT_FALSE(std::filesystem::exists(fake.folder.file("out/round-000002")));
}

TEST(ServeCampaign, GoesOnInItsFolderWithOtherTrials) {
  FakeCampaign fake;
  {
    ServeCampaign first(fake.context(), rounds(fake, 2), {harmless("a")}, {}, [](const ServedRound&) {});
    ASSERT_TRUE(first.prepare().ok());
    first.run();
  }
  fake.executor.ran.clear();
  ServeCampaign second(fake.context(), rounds(fake, 1), {harmless("a")}, {}, [](const ServedRound&) {});
  ASSERT_TRUE(second.prepare().ok());
  second.run();
  EXPECT_THAT(fake.executor.ran, ElementsAre("a inplace 1 2"));
}

TEST(ServeCampaign, WhatCannotRunIsSaidOnce) {
  FakeCampaign fake;
  fake.executor.cannot_plan.emplace("bbm-fault", unavailable_error("no such strategy"));
  Scenario lacking = harmless("lacking");
  lacking.strategy = "bbm-fault";
  ServeCampaign campaign(fake.context(), rounds(fake, 2), {harmless("a"), lacking}, {}, [](const ServedRound&) {});
  ASSERT_TRUE(campaign.prepare().ok());
  const Served& served = campaign.run();
  EXPECT_THAT(fake.observer.troubles, ElementsAre("lacking is not run: no such strategy"));
  EXPECT_EQ(served.exit_code, kExitUnavailable);
  EXPECT_THAT(served.not_run, ElementsAre("lacking"));
  EXPECT_EQ(served.trials, 2U);
}

}  // namespace
}  // namespace remapstorm
