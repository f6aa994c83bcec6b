// SPDX-License-Identifier: Apache-2.0
#include "report/soak.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;

Soak sample_soak() {
  Soak soak;
  soak.trials = 1000;
  soak.took = std::chrono::seconds(20);
  soak.counts["inplace"] = {298, 2, 0, 0};
  soak.counts["bbm-fault-irqsafe"] = {300, 0, 0, 0};
  soak.fired = {{"irq", 900}, {"hold", 30}};
  return soak;
}

TEST(SoakText, SaysHowMuchNoFalseAlarmIsWorth) {
  EXPECT_EQ(soak_summary(sample_soak()),
            "600 control trials: 598 clean, 2 stalls that the harness imposed, no false alarm");
  const std::string text = soak_text(sample_soak());
  EXPECT_THAT(text, HasSubstr("30.0 trials a second"));
  EXPECT_THAT(text, HasSubstr("with 95 % confidence fewer than one in 200 trials"));
  EXPECT_THAT(text, HasSubstr("30 hold, 900 irq"));
}

TEST(SoakText, TellsEachFalseAlarmWithTheCommandThatRepeatsIt) {
  Soak soak = sample_soak();
  soak.counts["inplace"].false_alarms = 1;
  soak.false_alarms = {{17, "inplace", Verdict::hang, "nothing\x1b moved", "./run /x/soak-17.toml --seed 1", "x"}};
  soak.counts["inplace"].failed = 3;
  const std::string text = soak_text(soak);
  EXPECT_THAT(text, HasSubstr("  trial 17, inplace: hang: nothing? moved\n    ./run /x/soak-17.toml --seed 1\n"));
  EXPECT_THAT(text, HasSubstr("1 FALSE ALARM"));
  EXPECT_THAT(text, HasSubstr("3 without a verdict"));
  EXPECT_THAT(text, Not(HasSubstr("95 %")));
}

TEST(SoakText, NothingThatRanIsNoSuccess) {
  const Soak none;
  EXPECT_EQ(soak_text(none), "\nno control trial ran here\n");
}

TEST(SoakJson, CountsFailuresApart) {
  Soak soak = sample_soak();
  soak.counts["inplace"].failed = 3;
  const auto json = nlohmann::json::parse(soak_json(soak));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["summary"]["counts"]["clean"], 598);
  EXPECT_EQ(json["summary"]["counts"]["failed"], 3);
  EXPECT_EQ(json["strategies"]["inplace"]["imposed_stalls"], 2);
  EXPECT_EQ(json["summary"]["trials_a_second"], 603.0 / 20);
}

TEST(SoakJunit, AFalseAlarmIsAFailureAndWhatDidNotRunIsSkipped) {
  Soak soak = sample_soak();
  EXPECT_THAT(soak_junit(soak), HasSubstr("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"0\""));
  soak.counts["inplace"].false_alarms = 1;
  soak.false_alarms = {{17, "inplace", Verdict::hang, "nothing moved", "./run /x/soak-17.toml --seed 1", "x"}};
  soak.not_run.emplace("lab:x86", unavailable_error("the lab is not there"));
  const std::string text = soak_junit(soak);
  EXPECT_THAT(text, HasSubstr("tests=\"4\" failures=\"2\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(text, HasSubstr("classname=\"soak.inplace\" name=\"trial-17\""));
  EXPECT_THAT(soak_text(soak), HasSubstr("lab:x86 not run: the lab is not there"));
  EXPECT_EQ(nlohmann::json::parse(soak_json(soak))["not_run"]["lab:x86"]["reason"], "the lab is not there");
}

}  // namespace
}  // namespace remapstorm
