// SPDX-License-Identifier: Apache-2.0
#include "cli/logged_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/campaign/fake_executor.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

class LoggedExecutorTest : public testing::Test {
 protected:
  LoggedExecutorTest() { fake_.log.show_from(LogLevel::debug); }

  // What was said since the last time.
  std::string said() {
    std::string text = fake_.err.str();
    fake_.err.str({});
    return text;
  }
  Plan planned() {
    EXPECT_TRUE(logged_.open().ok());
    Result<Plan> plan = logged_.plan(harmless("a"), {});
    EXPECT_TRUE(plan.ok());
    said();
    return plan.ok() ? std::move(plan).value() : Plan();
  }

  FakeContext fake_;
  FakeExecutor executor_;
  ManualClock clock_;
  LoggedExecutor logged_{executor_, fake_.log, clock_, fake_.context.environment};
};

TEST_F(LoggedExecutorTest, TellsTheHostAndHowItIsKnown) {
  ASSERT_TRUE(logged_.open().ok());
  EXPECT_THAT(said(), HasSubstr("host: kvm-hardware (measured with throw-away guests)"));
  fake_.variables["REMAPSTORM_LAB"] = "x86";
  ASSERT_TRUE(logged_.open().ok());
  EXPECT_THAT(said(), HasSubstr("(REMAPSTORM_LAB says so)"));
  executor_.cannot_open = unavailable_error("no /dev/kvm");
  EXPECT_FALSE(logged_.open().ok());
  EXPECT_EQ(said(), "remapstorm: debug: no guest runs here: no /dev/kvm\n");
}

TEST_F(LoggedExecutorTest, TellsEachImageOnceAndWhyItIsThatOne) {
  fake_.variables["REMAPSTORM_IMAGE_STD"] = "";
  ASSERT_TRUE(logged_.image("std").ok());
  EXPECT_THAT(said(), HasSubstr("guest image of flavour std:  (REMAPSTORM_IMAGE_STD names it)"));
  ASSERT_TRUE(logged_.plan(harmless("a"), {}).ok());
  EXPECT_EQ(said(), "");
}

TEST_F(LoggedExecutorTest, TellsEachTrialWithItsPhasesAndOutcome) {
  const Plan plan = planned();
  ASSERT_TRUE(logged_.run(2, {plan, 7}, {}).ok());
  const std::string name = "remapstorm: debug: a, inplace, std, seed 1, trial 7: ";
  EXPECT_EQ(said(), name + "begins, worker 2\n" + name + "running\n" + name +
                        "clean, as expected, exit code 0; guest came from a snapshot in 0.000 s, ran 0.000 s\n");
  executor_.comes_to = [](const Plan& of, const TrialResult&) {
    return conclude(recorded(of, 7), judged(Verdict::hang));
  };
  ASSERT_TRUE(logged_.run(2, {plan, 7}, {}).ok());
  EXPECT_THAT(said(), HasSubstr("not as expected, exit code 1;"));
  executor_.comes_to = [](const Plan&, TrialResult result) {
    result.verdict = Verdict::error;
    result.interrupted = true;
    return result;
  };
  ASSERT_TRUE(logged_.run(2, {plan, 7}, {}).ok());
  EXPECT_THAT(said(), HasSubstr(name + "interrupted before it showed anything\n"));
  executor_.cannot_begin = host_error("no memory");
  EXPECT_FALSE(logged_.run(2, {plan, 7}, {}).ok());
  EXPECT_THAT(said(), HasSubstr(name + "cannot begin: no memory\n"));
}

TEST_F(LoggedExecutorTest, HandsOnWhatIsGoingOn) {
  const Plan plan = planned();
  std::string phases;
  Watching watching;
  watching.progress = [&](const char* phase, Nanoseconds) { phases += phase; };
  ASSERT_TRUE(logged_.run(0, {plan, 0}, watching).ok());
  EXPECT_EQ(phases, "running");
}

TEST_F(LoggedExecutorTest, OfControlTrialsOnlyThoseThatAreNotClean) {
  const Plan plan = planned();
  std::vector<Event> events;
  ASSERT_TRUE(logged_.run_control(0, plan, events).ok());
  EXPECT_EQ(said(), "");
  fake_.log.show_from(LogLevel::trace);
  ASSERT_TRUE(logged_.run_control(0, plan, events).ok());
  EXPECT_THAT(said(), HasSubstr("trace: a, inplace, std, seed 1, trial 0, worker 0: clean in"));
  fake_.log.show_from(LogLevel::debug);
  executor_.control_to = [](const Plan&, std::vector<Event>&) -> Result<TrialResult> { return host_error("gone"); };
  EXPECT_FALSE(logged_.run_control(0, plan, events).ok());
  EXPECT_THAT(said(), HasSubstr("worker 0: failed: gone\n"));
}

}  // namespace
}  // namespace remapstorm
