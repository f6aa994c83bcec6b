// SPDX-License-Identifier: Apache-2.0
// What of a run that did not come to its end is worth a folder of its own.
#include "results/output_rescue.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "plan/plan.h"
#include "plan/plan_json.h"
#include "results/folder_mark.h"
#include "telemetry/event_json.h"
#include "tests/base/temporary_folder.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;
using What = LifecycleEvent::What;

std::string read_back(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string plan_text() {
  Plan plan;
  plan.scenario = "irq-same-cpu";
  plan.strategy = "bbm-fault";
  plan.flavour = "std";
  plan.cpus = 2;
  plan.memory = 128ULL << 20;
  plan.expectation.verdict = Verdict::deadlock;
  return plan_json(plan, 0);
}

// A working folder with one trial in it.
std::optional<RescuedRun> rescue(const TemporaryFolder& folder, const Stream& stream) {
  const fs::path working = folder.file("working");
  fs::create_directories(working / "irq-same-cpu/bbm-fault/trial-0");
  {
    std::ofstream out(working / "irq-same-cpu/bbm-fault/trial-0/events.jsonl");
    bool first = true;
    for (Event event : stream.events) {
      if (std::holds_alternative<PlanEvent>(event.body)) event.body = PlanEvent{plan_text()};
      out << (std::exchange(first, false) ? first_event_to_json(event) : event_to_json(event)) << '\n';
    }
  }
  EXPECT_TRUE(mark_folder(working.string(), {}).ok());
  auto run = rescue_run(working.string(), folder.file("kept"), "the disk is full");
  EXPECT_TRUE(run.ok()) << run.error().message;
  EXPECT_FALSE(fs::exists(working));
  return run.ok() ? *run : std::nullopt;
}

// Its recording is whole: the guest was stopped and the end was logged.
TEST(OutputRescue, ATrialThatWasInterruptedBeforeItShowedAnythingIsNotKept) {
  const TemporaryFolder folder;
  Stream stream;
  stream.begin().open().milestone(What::interrupted).milestone(What::end);
  EXPECT_FALSE(rescue(folder, stream));
  EXPECT_FALSE(fs::exists(folder.file("kept")));
}

TEST(OutputRescue, OneThatHadProvenItsDeadlockIsKept) {
  const TemporaryFolder folder;
  Stream stream;
  stream.begin().self_cycle().two_looks().milestone(What::interrupted).milestone(What::end);
  const auto run = rescue(folder, stream);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->finished, 1U);
  EXPECT_TRUE(fs::exists(folder.file("kept/irq-same-cpu/bbm-fault/trial-0/events.jsonl")));
  EXPECT_NE(read_back(folder.file("kept/reproduce")).find(" run irq-same-cpu --strategy bbm-fault"), std::string::npos);
  EXPECT_NE(read_back(folder.file("kept/INCOMPLETE")).find("recordings: the disk is full.\n"), std::string::npos);
}

TEST(OutputRescue, OneThatFailedByItselfIsKept) {
  const TemporaryFolder folder;
  Stream stream;
  stream.begin().open().milestone(What::host_failure).milestone(What::end);
  EXPECT_TRUE(rescue(folder, stream));
}

}  // namespace
}  // namespace remapstorm
