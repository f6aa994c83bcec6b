// SPDX-License-Identifier: Apache-2.0
#include "trial/kept_trial.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "telemetry/metrics/metrics.h"
#include "telemetry/sinks.h"
#include "tests/base/temporary_folder.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class KeptTrial : public testing::Test {
 protected:
  KeptTrial() {
    plan.scenario = "made-up";
    plan.strategy = "inplace";
    plan.flavour = "std";
    plan.seed = 7;
    judgement.verdict = Verdict::clean;
    judgement.reasons = {"as the test says"};
  }
  TrialResult keep(const RunTrial& run) {
    return keep_trial(plan, 3, folder, std::move(besides), watching, clock, run);
  }
  // The guest prints, and is clean.
  TrialResult keep_printing(std::vector<ConsoleEvent> lines) {
    return keep([&](const std::vector<EventSink*>& sinks) -> Result<TrialResult> {
      for (const ConsoleEvent& line : lines) {
        for (EventSink* sink : sinks) sink->on_event({Nanoseconds(1), std::nullopt, -1, line});
      }
      return conclude(recorded(plan, 3), judgement);
    });
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(folder + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Whatever is written to a file of this name finds a full disk.
  void fill_disk_under(const std::string& name) const {
    std::filesystem::remove(folder + "/" + name);
    std::filesystem::create_symlink("/dev/full", folder + "/" + name);
  }

  TemporaryFolder temporary;
  std::string folder = temporary.path();
  ManualClock clock;
  Plan plan;
  Judgement judgement;
  Watching watching;
  std::vector<EventSink*> besides;
};

TEST_F(KeptTrial, LeavesItsEventsAndItsConsole) {
  std::vector<std::string> echoed;
  watching.console = [&](const std::string& line) { echoed.push_back(line); };
  CaptureSink other;
  besides = {&other};
  const TrialResult result = keep_printing({ConsoleEvent{"one"}, ConsoleEvent{"two"}});
  EXPECT_TRUE(result.ok);
  EXPECT_EQ(result.trial, 3U);
  EXPECT_EQ(content("console.log"), "one\ntwo\n");
  EXPECT_THAT(content("events.jsonl"), HasSubstr("\"two\""));
  EXPECT_THAT(echoed, ElementsAre("one", "two"));
  EXPECT_EQ(other.events().size(), 2U);
}

TEST_F(KeptTrial, WithoutAFolderNothingIsKept) {
  folder.clear();
  EXPECT_TRUE(keep_printing({ConsoleEvent{"one"}}).ok);
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
}

TEST_F(KeptTrial, AFolderThatIsNotThereRunsNothing) {
  folder += "/nowhere";
  const TrialResult result = keep([](const std::vector<EventSink*>&) -> Result<TrialResult> {
    ADD_FAILURE() << "it ran";
    return host_error("unreachable");
  });
  EXPECT_FALSE(result.verdict);
  ASSERT_TRUE(result.error);
  EXPECT_THAT(result.error->message, HasSubstr("nowhere/events.jsonl"));
}

TEST_F(KeptTrial, ATrialThatCannotBeginSaysWhichItWas) {
  const TrialResult result = keep(
      [](const std::vector<EventSink*>&) -> Result<TrialResult> { return unavailable_error("no memory for guests"); });
  EXPECT_FALSE(result.verdict);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.scenario, "made-up");
  EXPECT_EQ(result.trial, 3U);
  EXPECT_EQ(result.seed, 7U);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind, ErrorKind::unavailable);
  EXPECT_EQ(result.error->message, "no memory for guests");
}

TEST_F(KeptTrial, AFullDiskIsAnErrorBesideTheVerdict) {
  for (const char* name : {"events.jsonl", "console.log"}) {
    fill_disk_under(name);
    const TrialResult result = keep_printing({ConsoleEvent{"one"}});
    EXPECT_EQ(result.verdict, Verdict::clean) << name;
    EXPECT_FALSE(result.ok) << name;
    ASSERT_TRUE(result.error) << name;
    EXPECT_EQ(result.error->kind, ErrorKind::host) << name;
    EXPECT_THAT(result.error->message, HasSubstr(name));
    std::filesystem::remove(folder + "/" + name);
  }
}

// What a guest printed last may have no end of line: it is in no buffer that is written out by itself.
TEST_F(KeptTrial, AFullDiskUnderAnUnfinishedLineIsAnError) {
  fill_disk_under("console.log");
  const TrialResult result = keep_printing({ConsoleEvent{"cut of", ConsoleEvent::End::more}});
  ASSERT_TRUE(result.error);
  EXPECT_THAT(result.error->message, HasSubstr("console.log"));
}

TEST_F(KeptTrial, ItsEventsBecomeMetrics) {
  Metrics metrics;
  watching.metrics = &metrics;
  keep_printing({ConsoleEvent{"one"}});
  EXPECT_THAT(metrics.text(), HasSubstr("remapstorm_events_dropped_total{"));
  EXPECT_THAT(metrics.text(), HasSubstr("scenario=\"made-up\""));
}

}  // namespace
}  // namespace remapstorm
