// SPDX-License-Identifier: Apache-2.0
// Recordings made of made-up trials, judged again: whole, cut at every line, damaged.
#include "results/replayer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/build_id.h"
#include "telemetry/event_json.h"
#include "telemetry/judge.h"
#include "tests/base/temporary_folder.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string plan_text(Verdict expected) {
  Plan plan;
  plan.scenario = "irq-same-cpu";
  plan.strategy = "bbm-fault";
  plan.flavour = "std";
  plan.cpus = 2;
  plan.memory = 128ULL << 20;
  plan.expectation.verdict = expected;
  plan.seed = 7;
  return plan_json(plan, 3);
}

// The lines of a recording, newest last; the plan is put in front.
std::vector<std::string> lines_of(const Stream& stream, Verdict expected) {
  std::vector<std::string> lines;
  for (Event event : stream.events) {
    if (std::holds_alternative<PlanEvent>(event.body)) event.body = PlanEvent{plan_text(expected)};
    lines.push_back(lines.empty() ? first_event_to_json(event) : event_to_json(event));
  }
  return lines;
}

Stream clean_trial() {
  Stream stream;
  stream.begin().open().close().done();
  return stream;
}

Stream deadlocked_trial() {
  Stream stream;
  stream.begin().self_cycle().two_looks().milestone(LifecycleEvent::What::end);
  return stream;
}

class Recording {
 public:
  explicit Recording(const std::vector<std::string>& lines, const std::string& behind = {}) {
    fs::create_directories(folder_.file("run/irq-same-cpu/bbm-fault/trial-3"));
    std::ofstream out(path());
    for (const std::string& line : lines) out << line << '\n';
    out << behind;
  }
  [[nodiscard]] std::string path() const { return folder_.file("run/irq-same-cpu/bbm-fault/trial-3/events.jsonl"); }
  [[nodiscard]] std::string run() const { return folder_.file("run"); }
  [[nodiscard]] Replayed replayed() const {
    Result<Replayed> result = replay(path());
    if (!result.ok()) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return std::move(result).value();
  }

 private:
  TemporaryFolder folder_;
};

TEST(Replay, AWholeRecordingGivesTheVerdictAgain) {
  const Replayed clean = Recording(lines_of(clean_trial(), Verdict::clean)).replayed();
  EXPECT_EQ(clean.result.verdict, Verdict::clean);
  EXPECT_TRUE(clean.result.ok);
  EXPECT_FALSE(clean.result.error);
  EXPECT_EQ(clean.result.trial, 3U);
  EXPECT_GT(clean.result.duration.count(), 0);
  EXPECT_EQ(clean.result.repeat,
            "remapstorm run irq-same-cpu --strategy bbm-fault --cpus 2 --memory 128M --sha256 program=" +
                build_id().substr(0, 16) + " --seed 7 --trial 3");
  const Replayed dead = Recording(lines_of(deadlocked_trial(), Verdict::deadlock)).replayed();
  EXPECT_EQ(dead.result.verdict, Verdict::deadlock);
  EXPECT_TRUE(dead.result.ok);
  const Judgement live = judge(deadlocked_trial().events);
  EXPECT_EQ(dead.result.judgement.findings.front().fingerprint, live.findings.front().fingerprint);
  EXPECT_EQ(dead.result.judgement.findings.front().detail, live.findings.front().detail);
}

TEST(Replay, AFileOfTheFolderThatOneStandsIn) {
  Plan plan;
  plan.scenario = "irq-same-cpu";
  plan.strategy = "bbm-fault";
  plan.cpus = 2;
  plan.memory = 128ULL << 20;
  plan.scenario_file = "/gone/mine.toml";
  plan.scenario_sha256 = "0123";
  plan.kept_scenario = "/gone/irq-same-cpu/scenario-0123.toml";
  std::vector<std::string> lines = lines_of(clean_trial(), Verdict::clean);
  lines.front() = first_event_to_json({Nanoseconds(0), std::nullopt, -1, PlanEvent{plan_json(plan, 0)}});
  const Recording recording(lines);
  const std::string kept = recording.run() + "/irq-same-cpu/scenario-0123.toml";
  std::ofstream(kept) << "# the scenario\n";
  EXPECT_THAT(recording.replayed().result.repeat, HasSubstr(" run " + kept + " "));
  const fs::path before = fs::current_path();
  fs::current_path(fs::path(recording.path()).parent_path());
  for (const char* file : {"events.jsonl", "./events.jsonl"}) {
    const Result<Replayed> replayed = replay(file, nullptr);
    ASSERT_TRUE(replayed.ok()) << replayed.error().message;
    EXPECT_EQ(replayed->result.directory, ".");
    EXPECT_THAT(replayed->result.repeat, HasSubstr(" run " + kept + " ")) << file;
  }
  fs::current_path(before);
}

TEST(Replay, ExpectationsAreCheckedAgain) {
  const Replayed replayed = Recording(lines_of(clean_trial(), Verdict::deadlock)).replayed();
  EXPECT_FALSE(replayed.result.ok);
  EXPECT_EQ(replayed.result.differences, std::vector<std::string>{"expected deadlock, got clean"});
}

TEST(Replay, ACutRecordingIsNeverClean) {
  const std::vector<std::string> lines = lines_of(clean_trial(), Verdict::clean);
  for (std::size_t kept = 1; kept < lines.size(); ++kept) {
    SCOPED_TRACE(kept);
    const Recording cut({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(kept)}, lines[kept].substr(0, 9));
    const TrialResult result = cut.replayed().result;
    EXPECT_EQ(result.verdict, Verdict::error);
    EXPECT_FALSE(result.ok);
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->kind, ErrorKind::host);
    EXPECT_THAT(result.error->message, HasSubstr("stops in the middle: after " + std::to_string(kept) + " events"));
    EXPECT_THAT(result.error->message, HasSubstr("half written"));
    EXPECT_THAT(result.reasons.front(), HasSubstr("stops in the middle"));
  }
}

TEST(Replay, SaysHowFarACutTrialHadCome) {
  const std::vector<std::string> lines = lines_of(clean_trial(), Verdict::clean);
  const auto message = [&](std::size_t kept) {
    return Recording({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(kept)})
        .replayed()
        .result.error->message;
  };
  EXPECT_THAT(message(1), HasSubstr("while the guest was booting"));
  EXPECT_THAT(message(lines.size() / 2), HasSubstr("while the workloads ran"));
  EXPECT_THAT(message(lines.size() - 1), HasSubstr("workloads were done but the trial had not ended"));
  const TrialResult half =
      Recording({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(lines.size() / 2)}).replayed().result;
  ASSERT_GE(half.reasons.size(), 2U);
  EXPECT_THAT(half.reasons[1], HasSubstr("final doorbell")) << "and what is missing";
}

TEST(Replay, WhatWasProvenBeforeTheCutStands) {
  std::vector<std::string> lines = lines_of(deadlocked_trial(), Verdict::deadlock);
  lines.pop_back();
  const TrialResult result = Recording(lines).replayed().result;
  EXPECT_EQ(result.verdict, Verdict::deadlock);
  EXPECT_TRUE(result.ok);
  ASSERT_FALSE(result.judgement.notes.empty());
  EXPECT_THAT(result.judgement.notes.back(), HasSubstr("stops in the middle"));
}

TEST(Replay, ADamagedRecordingProvesNothing) {
  std::vector<std::string> lines = lines_of(clean_trial(), Verdict::clean);
  lines[3] = "{\"t\":5,\"type\":\"probe\",\"probe\":\"no.such\"}";
  const TrialResult result = Recording(lines).replayed().result;
  EXPECT_EQ(result.verdict, Verdict::error);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind, ErrorKind::usage);
  EXPECT_THAT(result.error->message, HasSubstr("line 4: "));
}

TEST(Replay, WhatIsNoRecordingIsRefused) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& content) {
    std::ofstream(folder.file("events.jsonl")) << content;
    const Result<Replayed> result = replay(folder.file("events.jsonl"));
    EXPECT_FALSE(result.ok()) << content;
    if (result.ok()) return std::string();
    EXPECT_EQ(result.error().kind, ErrorKind::usage);
    EXPECT_THAT(result.error().message, HasSubstr(folder.file("events.jsonl")));
    return result.error().message;
  };
  EXPECT_THAT(refused(""), HasSubstr("empty"));
  EXPECT_THAT(refused("hello\n"), HasSubstr("not JSON"));
  EXPECT_THAT(refused("{\"v\":99,\"t\":0,\"type\":\"plan\",\"plan\":{}}\n"), HasSubstr("version 99"));
  EXPECT_THAT(refused("{\"v\":3,\"t\":0,\"type\":\"console\",\"line\":\"x\"}\n"), HasSubstr("no plan"));
  EXPECT_THAT(refused("{\"v\":3,\"t\":0,\"type\":\"plan\",\"plan\":{\"schema\":9}}\n"), HasSubstr("schema 9"));
}

TEST(Replay, FindsEveryRecordingInTheOrderOfTheTrials) {
  const TemporaryFolder folder;
  for (const char* trial : {"trial-10", "trial-9", "trial-0", "trial-9-again-2"}) {
    fs::create_directories(folder.file(std::string("a/s/") + trial));
    std::ofstream(folder.file(std::string("a/s/") + trial + "/events.jsonl")) << "x";
  }
  fs::create_directory_symlink(folder.path(), folder.file("a/loop"));
  const auto found = find_recordings(folder.path());
  ASSERT_TRUE(found.ok());
  std::vector<std::string> names;
  for (const std::string& path : *found) names.push_back(fs::path(path).parent_path().filename());
  EXPECT_EQ(names, (std::vector<std::string>{"trial-0", "trial-9", "trial-9-again-2", "trial-10"}));
  EXPECT_FALSE(find_recordings(folder.file("missing")).ok());
  fs::create_directory(folder.file("empty"));
  EXPECT_THAT(find_recordings(folder.file("empty")).error().message, HasSubstr("no recording below"));
}

TEST(Replay, TheVerdictOfTheRunIsComparedWith) {
  TrialResult result = Recording(lines_of(clean_trial(), Verdict::clean)).replayed().result;
  EXPECT_TRUE(compare_with({Verdict::clean, true, "clean"}, result));
  EXPECT_TRUE(result.ok);
  EXPECT_FALSE(compare_with({Verdict::hang, false, "hang, no-progress"}, result));
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.differences, std::vector<std::string>{"the run recorded: hang, no-progress; judged again: clean"});
}

TEST(RecordedResults, AreFoundAboveTheTrialAndRead) {
  const Recording recording(lines_of(clean_trial(), Verdict::clean));
  const std::string trial = fs::path(recording.path()).parent_path();
  EXPECT_EQ(results_beside(trial), "");
  const std::string file = recording.run() + "/results.json";
  std::ofstream(file) << R"({"schema":1,"results":[
      {"directory":"irq-same-cpu/bbm-fault/trial-3","verdict":"deadlock","ok":true,
       "evidence":{"findings":[{"verdict":"deadlock","fingerprint":"a:b"},{"verdict":"oops","fingerprint":"c"}]}},
      {"directory":"","verdict":null,"ok":false}]})";
  EXPECT_EQ(results_beside(trial), fs::canonical(file));
  const auto results = read_recorded_results(file);
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_EQ(results->size(), 1U);
  EXPECT_EQ(results->begin()->second.outcome, "deadlock, a:b");
  for (const char* text :
       {"", "[]", "{\"schema\":3,\"results\":[]}", "{\"schema\":1,\"results\":[{\"directory\":\"x\",\"verdict\":7}]}",
        "{\"schema\":1,\"results\":[{\"directory\":\"x\"}]}", "{\"schema\":1,\"results\":7}"}) {
    std::ofstream(file) << text;
    EXPECT_FALSE(read_recorded_results(file).ok()) << text;
  }
}

}  // namespace
}  // namespace remapstorm
