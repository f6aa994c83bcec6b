// SPDX-License-Identifier: Apache-2.0
// One number, one source: terminal, replay, results.json and page say the same of the same trial.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "report/html/html_report.h"
#include "report/report.h"
#include "report/text.h"
#include "results/replayer.h"
#include "results/run_json.h"
#include "telemetry/trial_length.h"
#include "tests/report_html/recording.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

// As run_trial() makes it, while the trial goes on.
TrialResult live(const Stream& stream, Verdict expected) {
  Judge judge(JudgeOptions{std::chrono::seconds(1)});
  TrialLength length;
  for (const Event& event : stream.events) {
    judge.on_event(event);
    length.on_event(event);
  }
  const Result<RecordedPlan> plan = read_recorded_plan(made_up_plan(expected));
  EXPECT_TRUE(plan.ok());
  TrialResult result = conclude(*plan, judge.judgement());
  result.duration = length.length();
  result.directory = "irq-same-cpu/bbm-fault/trial-3";
  return result;
}

std::string terminal(const TrialResult& trial) {
  std::ostringstream out;
  TerminalStyle style;
  style.verbose = true;
  const auto report = make_terminal_report(out, style);
  report->run_begins(RunInfo{}, 1);
  report->trial_ended(trial);
  return out.str();
}

// Odd lengths, whose median no class of a histogram begins with.
Stream uneven() {
  Stream stream;
  stream.begin();
  for (int i = 0; i < 150; ++i) {
    stream.open(i % 2).pass(0.0137 * (i % 29 + 3)).close(i % 2).pass(0.31);
    if (i % 10 == 0)
      stream.fire("irq", static_cast<std::uint32_t>(i + 1), 0).pass(0.043).enter(0, kIrq, i + 1).leave(0, kIrq, i + 1);
  }
  stream.done();
  return stream;
}

struct Told {
  TrialResult trial;
  std::string run, replay, page;
  nlohmann::json json;
};

Told told(const Stream& stream, Verdict expected) {
  Told all;
  all.trial = live(stream, expected);
  RunFolder folder;
  const std::vector<ScenarioResults> results{{"irq-same-cpu", "", {all.trial}}};
  folder.write(all.trial.directory + "/events.jsonl", recording_of(stream, expected));
  folder.write("results.json", results_json(RunInfo{}, results));
  const Result<Replayed> replayed = replay(folder.file(all.trial.directory + "/events.jsonl"));
  EXPECT_TRUE(replayed.ok());
  all.run = terminal(all.trial);
  all.replay = terminal(replayed->result);
  EXPECT_TRUE(write_run_report(folder.path(), folder.file("report")).ok());
  all.page = folder.read("report/index.html");
  all.json = nlohmann::json::parse(folder.read("results.json"))["results"][0];
  return all;
}

TEST(OneNumber, OfACleanTrial) {
  const Told all = told(uneven(), Verdict::clean);
  EXPECT_EQ(all.run, all.replay);
  const TrialStatistics& statistics = all.trial.judgement.statistics;
  const std::string lasted = human_length(all.trial.duration);
  EXPECT_THAT(all.run, HasSubstr("after " + lasted));
  EXPECT_THAT(all.page, HasSubstr("<dt>Lasted</dt><dd>" + lasted));
  EXPECT_EQ(all.json["duration_ns"], all.trial.duration.count());
  EXPECT_THAT(all.run, HasSubstr("windows " + length_words(statistics.windows)));
  EXPECT_THAT(all.run, HasSubstr("lock held " + length_words(statistics.lock_holds)));
  const auto in_page = [&](const std::string& name, const LengthSummary& summary) {
    std::string row = "<th scope=\"row\">" + name + "</th><td>" + std::to_string(summary.count) + "</td>";
    for (const std::string& text : {human_length(summary.min), human_length(summary.p50), percentile_text(summary.p99),
                                    human_length(summary.max)}) {
      row += "<td>" + text + "</td>";
    }
    EXPECT_THAT(all.page, HasSubstr(row));
  };
  in_page("window", statistics.windows);
  in_page("lock held", statistics.lock_holds);
  in_page("lock wait", statistics.lock_waits);
  in_page("delivery of an interrupt", statistics.delivery);
  EXPECT_EQ(statistics.delivery.count, 15U);
  EXPECT_FALSE(statistics.delivery.p99) << "of 15";
  const auto& windows = all.json["evidence"]["statistics"]["windows"];
  EXPECT_EQ(windows["p50_ns"], statistics.windows.p50.count());
  EXPECT_EQ(windows["p99_ns"], statistics.windows.p99->count());
  EXPECT_TRUE(all.json["evidence"]["statistics"]["delivery"]["p99_ns"].is_null());
}

TEST(OneNumber, OfADeadlock) {
  Stream stream;
  stream.begin().pass(500);  // so that the cycle gets a picture of its own
  stream.self_cycle().two_looks().milestone(LifecycleEvent::What::end);
  const Told all = told(stream, Verdict::deadlock);
  EXPECT_EQ(all.run, all.replay);
  const Finding& finding = all.trial.judgement.findings.front();
  const std::string held = human_length(finding.proven_at - finding.cycle.front().owned_since);
  EXPECT_THAT(all.run, HasSubstr("with IRQs on, for " + held));
  EXPECT_THAT(all.page, HasSubstr("interrupts on, for " + held));
  // What the picture shows has a margin; what it is of has none.
  EXPECT_THAT(all.page, HasSubstr("From the first lock of the cycle to the proof: " + held + "; shown from "));
}

}  // namespace
}  // namespace remapstorm
