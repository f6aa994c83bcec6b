// SPDX-License-Identifier: Apache-2.0
#include "report/html/trial_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/html/parts.h"
#include "tests/report_html/recording.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

TEST(TrialPicture, TellsWhereItWasInjectedAndWhereTheVcpusStood) {
  TrialPicture fold;
  for (const Event& event : deadlocked().events) fold.on_event(event);
  fold.finish();
  ASSERT_EQ(fold.sites.size(), 1U);
  const InjectionSite& site = fold.sites.at("irq-rule");
  EXPECT_EQ(site.hits, 1U);
  EXPECT_EQ(site.fired, 1U);
  EXPECT_EQ(site.hit.pc, kUpdatePc);
  ASSERT_TRUE(site.receipt);
  EXPECT_EQ(site.receipt->injector, "irq");
  ASSERT_TRUE(fold.looks.contains(0));
  EXPECT_EQ(fold.looks.at(0).sample.round, 1U);  // the newest
  EXPECT_EQ(fold.delivery.count(), 1U);
  EXPECT_EQ(fold.console.count(), 1U);
  EXPECT_EQ(fold.vcpus, 1);
}

TEST(TrialPicture, OfNothingIsNothing) {
  TrialPicture fold;
  fold.finish();
  EXPECT_EQ(fold.events, 0U);
  EXPECT_TRUE(fold.timeline.lanes().empty());
}

TEST(Focus, GoesFromTheFirstLockToTheProof) {
  RunFolder run;
  run.write("events.jsonl", recording_of(deadlocked(), Verdict::deadlock));
  const auto model = read_trial_model(run.file("events.jsonl"));
  ASSERT_TRUE(model.ok()) << model.error().message;
  ASSERT_EQ(model->replayed.result.verdict, Verdict::deadlock);
  const Finding& finding = model->replayed.result.judgement.findings.front();
  ASSERT_TRUE(model->focus);
  EXPECT_LE(model->focus->begin, finding.cycle.front().owned_since);
  EXPECT_GE(model->focus->end, finding.proven_at);
  EXPECT_FALSE(model->close) << "few events need no second look";
}

TEST(Focus, IsTheLongestWindowWhenNothingIsWrong) {
  RunFolder run;
  run.write("events.jsonl", recording_of(cleanly(), Verdict::clean));
  const auto model = read_trial_model(run.file("events.jsonl"));
  ASSERT_TRUE(model.ok());
  ASSERT_TRUE(model->focus);
  EXPECT_EQ(model->focus_title, "The longest window");
  EXPECT_LT(model->focus->length(), ms(1));
}

TEST(TrialModel, AFullerRecordingIsLookedAtTwice) {
  RunFolder run;
  run.write("events.jsonl", recording_of(cleanly(5000), Verdict::clean));
  const auto model = read_trial_model(run.file("events.jsonl"));
  ASSERT_TRUE(model.ok());
  EXPECT_TRUE(model->whole.timeline.coarse());
  ASSERT_TRUE(model->close);
  EXPECT_FALSE(model->close->timeline.coarse());
  EXPECT_EQ(model->whole.lengths.at(SpanKind::window).total().count(), 5000U);
}

TEST(TrialModel, OfARecordingCutAnywhereIsWhatIsThere) {
  RunFolder run;
  const std::string whole = recording_of(deadlocked(), Verdict::deadlock);
  const std::size_t first_line = whole.find('\n');
  for (std::size_t size = first_line + 1; size < whole.size(); size += 97) {
    run.write("events.jsonl", whole.substr(0, size));
    const auto model = read_trial_model(run.file("events.jsonl"));
    ASSERT_TRUE(model.ok()) << size << ": " << model.error().message;
    EXPECT_GT(model->whole.events, 0U);
    const TrialResult& result = model->replayed.result;
    if (result.verdict == Verdict::deadlock) continue;
    ASSERT_TRUE(result.error) << size;
    EXPECT_THAT(result.error->message, HasSubstr("stops in the middle"));
  }
  run.write("events.jsonl", whole.substr(0, first_line / 2));
  EXPECT_FALSE(read_trial_model(run.file("events.jsonl")).ok());
}

TEST(ConsoleFold, KeepsBeginningEndAndWhatStandsAroundTheMoment) {
  ConsoleFold console(ms(500'000));
  for (int i = 0; i < 100'000; ++i) console.add(ms(i * 10), "line " + std::to_string(i + 1));
  EXPECT_EQ(console.count(), 100'000U);
  const auto lines = console.lines();
  EXPECT_LE(lines.size(), ConsoleFold::kHead + ConsoleFold::kTail + ConsoleFold::kAround);
  EXPECT_EQ(lines.front().text, "line 1");
  EXPECT_EQ(lines.back().text, "line 100000");
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const auto& one) { return one.text == "line 49900"; }));
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT_LT(lines[i - 1].number, lines[i].number);
  console.add(ms(0), std::string(1 << 20, 'x'));
  EXPECT_LE(console.lines().back().text.size(), 4096U);
}

TEST(GuiltyLines, AreThoseOfTheReportWhateverTheirTime) {
  Finding finding;
  finding.console_excerpt = "BUG: unable to handle page fault\nRIP: 0010:f+0x1/0x2\n";
  const auto guilty = guilty_lines({finding});
  ASSERT_EQ(guilty.size(), 2U);
  ConsoleFold console;
  console.add(ms(1), "[    0.5] fine");
  console.add(ms(2), "[    1.0] BUG: unable to handle page fault");
  Markup out;
  write_console(out, console, guilty);
  const std::string html = out.take();
  EXPECT_THAT(html, HasSubstr("<mark>[    1.0] BUG: unable to handle page fault</mark>"));
  EXPECT_THAT(html, testing::Not(HasSubstr("<mark>[    0.5]")));
}

}  // namespace
}  // namespace remapstorm
