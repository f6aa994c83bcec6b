// SPDX-License-Identifier: Apache-2.0
#include "campaign/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/exit_code.h"
#include "results/sweep_summary.h"
#include "tests/campaign/fake_executor.h"

namespace remapstorm {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

SweepOptions two_strategies(const FakeCampaign& fake, std::uint64_t seeds = 1) {
  SweepOptions options;
  options.strategies = {"inplace", "bbm-fault"};
  options.flavours = {"std"};
  options.hosts = {kKvmHost};
  options.seeds = seeds;
  options.jobs = 1;
  options.output_dir = fake.folder.file("out");
  return options;
}

Status no_more(const std::string& /*directory*/) { return {}; }

TEST(SweepCampaign, RunsEveryCellWithEverySeed) {
  FakeCampaign fake;
  SweepCampaign campaign(fake.context(), two_strategies(fake, 2), {harmless("a")});
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  EXPECT_THAT(fake.executor.ran, ElementsAre("a inplace 1 0", "a bbm-fault 1 0", "a inplace 2 0", "a bbm-fault 2 0"));
  ASSERT_TRUE(campaign.write_output(no_more).ok());
  EXPECT_EQ(sweep_exit_code(campaign.sweep()), kExitOk);
  // Of what went as expected one recording of each kind is enough.
  EXPECT_TRUE(std::filesystem::exists(fake.folder.file("out/trials/a/inplace/std/seed-1/events.jsonl")));
  EXPECT_FALSE(std::filesystem::exists(fake.folder.file("out/trials/a/inplace/std/seed-2")));
}

TEST(SweepCampaign, WhatCannotRunLeavesAGapAndNoPass) {
  FakeCampaign fake;
  fake.executor.cannot_plan.emplace("bbm-fault", unavailable_error("no such strategy"));
  SweepCampaign campaign(fake.context(), two_strategies(fake), {harmless("a")});
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  EXPECT_THAT(fake.executor.ran, ElementsAre("a inplace 1 0"));
  ASSERT_EQ(campaign.sweep().gaps.size(), 1U);
  EXPECT_EQ(campaign.sweep().gaps[0].why.message, "no such strategy");
  EXPECT_NE(sweep_exit_code(campaign.sweep()), kExitOk);
}

TEST(SweepCampaign, AMachineWithoutKvmIsAllGaps) {
  FakeCampaign fake;
  fake.executor.cannot_open = unavailable_error("no /dev/kvm");
  SweepCampaign campaign(fake.context(), two_strategies(fake), {harmless("a")});
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  EXPECT_THAT(fake.observer.troubles, ElementsAre("no /dev/kvm"));
  EXPECT_EQ(campaign.sweep().gaps.size(), 2U);
  EXPECT_TRUE(fake.executor.ran.empty());
}

// What the host spoilt, and what a signal ended before it showed anything.
TEST(SweepCampaign, GoesOnWithWhatIsMissingOrSpoilt) {
  FakeCampaign fake;
  fake.executor.comes_to = [&](const Plan& plan, TrialResult result) {
    if (plan.strategy == "inplace") return result;
    if (plan.seed == 1) return did_not_run(plan, 0, host_error("no memory"));
    fake.stop = true;
    result.interrupted = true;
    result.verdict.reset();
    return result;
  };
  {
    SweepCampaign first(fake.context(), two_strategies(fake, 2), {harmless("a")});
    ASSERT_TRUE(first.prepare().ok());
    ASSERT_TRUE(first.run().ok());
    EXPECT_TRUE(first.sweep().interrupted);
    EXPECT_EQ(first.sweep().trials.size(), 3U);
    EXPECT_THAT(first.go_on_line(), HasSubstr("--resume"));
    ASSERT_TRUE(first.write_output(no_more).ok());
  }
  fake.stop = false;
  fake.executor.comes_to = {};
  fake.executor.ran.clear();
  SweepOptions options = two_strategies(fake, 2);
  options.resume = true;
  SweepCampaign second(fake.context(), options, {harmless("a")});
  ASSERT_TRUE(second.prepare().ok());
  ASSERT_TRUE(second.run().ok());
  EXPECT_THAT(fake.executor.ran, UnorderedElementsAre("a bbm-fault 1 0", "a bbm-fault 2 0"));
  EXPECT_EQ(second.sweep().trials.size(), 4U);
  EXPECT_THAT(fake.observer.details, Contains("of an earlier session: kept 2 trials, made again 1 trial"));
  EXPECT_THAT(fake.observer.folders, ElementsAre(fake.folder.file("out"), fake.folder.file("out")));
  EXPECT_EQ(sweep_exit_code(second.sweep()), kExitOk);
}

// No trial of it: nobody is told that one failed.
TEST(SweepCampaign, AWorkerThatCanBeginNoTrialEndsIt) {
  FakeCampaign fake;
  fake.executor.cannot_begin = host_error("no memory");
  SweepCampaign campaign(fake.context(), two_strategies(fake), {harmless("a")});
  ASSERT_TRUE(campaign.prepare().ok());
  const Status ran = campaign.run();
  ASSERT_FALSE(ran.ok());
  EXPECT_EQ(ran.error().message, "no memory");
  EXPECT_TRUE(campaign.sweep().trials.empty());
}

TEST(SweepCampaign, TakesNoOtherSweepForItsOwn) {
  FakeCampaign fake;
  {
    SweepCampaign first(fake.context(), two_strategies(fake), {harmless("a")});
    ASSERT_TRUE(first.prepare().ok());
  }
  SweepCampaign again(fake.context(), two_strategies(fake), {harmless("a")});
  EXPECT_EQ(again.prepare().error().kind, ErrorKind::usage);
  SweepOptions options = two_strategies(fake, 7);
  options.resume = true;
  SweepCampaign other(fake.context(), options, {harmless("a")});
  EXPECT_EQ(other.prepare().error().kind, ErrorKind::usage);
}

TEST(SweepCampaign, ARecordingThatIsGoneIsNoSuccess) {
  FakeCampaign fake;
  SweepCampaign campaign(fake.context(), two_strategies(fake), {harmless("a")});
  ASSERT_TRUE(campaign.prepare().ok());
  ASSERT_TRUE(campaign.run().ok());
  std::filesystem::remove_all(fake.folder.file("out/trials/a/inplace/std/seed-1"));
  EXPECT_FALSE(campaign.write_output(no_more).ok());
}

// The lab runs the same program: here a campaign of its own in the folder that it is told.
class SweepInLab : public testing::Test {
 protected:
  SweepInLab() {
    fake_.lab = [this](const std::string& kind, const Arguments& words) -> Result<int> {
      asked_.push_back(kind);
      return lab_(words);
    };
    options_ = two_strategies(fake_);
    options_.hosts = {"lab:x86"};
  }
  static std::string folder_in(const Arguments& words) {
    return *(std::find(words.begin(), words.end(), "--output-dir") + 1);
  }
  int run_there(const Arguments& words) {
    FakeCampaign there;
    SweepOptions share = two_strategies(there);
    share.output_dir = folder_in(words);
    SweepCampaign campaign(there.context(), share, {harmless("a")});
    EXPECT_TRUE(campaign.prepare().ok());
    EXPECT_TRUE(campaign.run().ok());
    EXPECT_TRUE(campaign.write_output(no_more).ok());
    return sweep_exit_code(campaign.sweep());
  }
  Sweep swept() {
    SweepCampaign campaign(fake_.context(), options_, {harmless("a")});
    EXPECT_TRUE(campaign.prepare().ok());
    EXPECT_TRUE(campaign.run().ok());
    return campaign.sweep();
  }

  FakeCampaign fake_;
  SweepOptions options_;
  std::vector<std::string> asked_;
  std::function<Result<int>(const Arguments& words)> lab_;
};

TEST_F(SweepInLab, ItsTrialsAreOurs) {
  lab_ = [&](const Arguments& words) -> Result<int> {
    EXPECT_THAT(words, Contains("inplace,bbm-fault"));
    return run_there(words);
  };
  const Sweep sweep = swept();
  EXPECT_THAT(asked_, ElementsAre("x86"));
  ASSERT_EQ(sweep.trials.size(), 2U);
  EXPECT_EQ(sweep.trials[0].cell.host, "lab:x86");
  EXPECT_TRUE(sweep.trials[0].events.starts_with("lab-x86/")) << sweep.trials[0].events;
  EXPECT_EQ(sweep_exit_code(sweep), kExitOk);
}

TEST_F(SweepInLab, WithoutALabEveryCellSaysWhy) {
  lab_ = [](const Arguments&) -> Result<int> { return unavailable_error("the lab is not there"); };
  const Sweep sweep = swept();
  ASSERT_EQ(sweep.gaps.size(), 2U);
  EXPECT_EQ(sweep.gaps[1].why.message, "the lab is not there");
}

TEST_F(SweepInLab, ALabThatDiedLeavesGapsForWhatItDidNotReach) {
  lab_ = [&](const Arguments& words) -> Result<int> {
    run_there(words);
    std::filesystem::remove(folder_in(words) + "/sweep.json");
    const std::string journal = text_of(folder_in(words) + "/sweep.jsonl");
    // The last trial's line was torn.
    std::ofstream(folder_in(words) + "/sweep.jsonl") << journal.substr(0, journal.size() - 20);
    return kExitSignal + 9;
  };
  const Sweep sweep = swept();
  EXPECT_EQ(sweep.trials.size(), 1U);
  ASSERT_EQ(sweep.gaps.size(), 1U);
  EXPECT_THAT(sweep.gaps[0].why.message, HasSubstr("the lab ended before it"));
  EXPECT_EQ(sweep_exit_code(sweep), kExitHost);
}

TEST_F(SweepInLab, ALabThatLeftNothingIsTrouble) {
  lab_ = [](const Arguments&) -> Result<int> { return kExitInternal; };
  const Sweep sweep = swept();
  EXPECT_EQ(sweep.gaps.size(), 2U);
  EXPECT_THAT(fake_.observer.notes, Contains(HasSubstr("ended with exit code 70")));
  EXPECT_EQ(sweep_exit_code(sweep), kExitInternal);
}

}  // namespace
}  // namespace remapstorm
