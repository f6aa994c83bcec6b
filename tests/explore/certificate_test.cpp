// SPDX-License-Identifier: Apache-2.0
#include "report/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "results/certificate_json.h"
#include "tests/explore/sample_certificate.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

TEST(Certificate, IsCompleteOnlyWhenEveryPointWasExecuted) {
  Certificate c = sample_certificate();
  EXPECT_TRUE(c.complete());
  EXPECT_EQ(c.points(), 14U);
  c.trials.pop_back();
  EXPECT_FALSE(c.complete());
  c.skipped.push_back({{6, "nmi"}, "the boundary was not reached again"});
  EXPECT_FALSE(c.complete()) << "a skipped point is told, not counted as done";
  Certificate twice = sample_certificate();
  twice.trials.back() = twice.trials.front();
  EXPECT_FALSE(twice.complete()) << "the number of trials alone proves nothing";
  EXPECT_FALSE(Certificate{}.complete()) << "nothing explored is nothing certified";
}

TEST(Certificate, ARowThatDiffersBetweenRepetitionsIsNamedAndNothingIsComplete) {
  Certificate c = sample_certificate();
  c.executions = 3;
  ExploredTrial same = c.trials[4], verdict = c.trials[4], place = c.trials[4];
  verdict.verdict = Verdict::clean;
  place.taken.front().boundary = 5;
  note_repetition(c.trials[4], same);
  EXPECT_TRUE(c.complete());
  EXPECT_THAT(certificate_text(c), HasSubstr("each time with the same outcome"));
  note_repetition(c.trials[4], verdict);
  note_repetition(c.trials[4], place);
  EXPECT_EQ(c.trials[4].repetitions, 3U);
  ASSERT_EQ(c.trials[4].differing.size(), 2U);
  EXPECT_FALSE(c.complete());
  const std::string text = certificate_text(c);
  EXPECT_THAT(text, HasSubstr("NOT COMPLETE"));
  EXPECT_THAT(text, HasSubstr("1 DIFFER:"));
  EXPECT_THAT(text, HasSubstr("rs_log+0x0, irq: deadlock at first; 2 of 3 others: clean"));
}

TEST(Certificate, CodeIsCountedApartAndByFunction) {
  const Certificate c = sample_certificate();
  const auto parts = by_function(c);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].boundaries, 2U);
  EXPECT_EQ(parts[1].boundaries, 5U) << "all visits together";
  const std::string text = certificate_text(c);
  EXPECT_THAT(text, HasSubstr("2 in the strategy's, 5 in the"));
  EXPECT_THAT(text, HasSubstr("(71.4 %)"));
  EXPECT_THAT(not_covered(c).front(), HasSubstr("5 of 7 boundaries are the harness's own code"));
}

TEST(Certificate, RangesJoinBoundariesThatAreAlike) {
  Certificate c = sample_certificate();
  const auto ranges = ranges_of(c);
  ASSERT_EQ(ranges.size(), 4U);  // update_pte; rs_log on; off; on
  EXPECT_EQ(ranges[2].first, 3U);
  EXPECT_EQ(ranges[2].last, 5U);
  c.trials[8].verdict = Verdict::clean;  // boundary 4, irq
  EXPECT_EQ(ranges_of(c).size(), 6U);
}

TEST(Certificate, TextFitsAMailingList) {
  const std::string text = certificate_text(sample_certificate());
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.size() <= 72 || line.starts_with("Again ")) << line;
    for (const char letter : line) EXPECT_TRUE(letter >= ' ' && letter <= '~') << line;
    EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
  }
  EXPECT_THAT(text, HasSubstr("Again     " + sample_certificate().repeat + "\n")) << "to be pasted: one line";
  EXPECT_THAT(text, HasSubstr("COMPLETE. 7 instruction boundaries x 2 injections: 14 of 14 executed, 0"));
  EXPECT_THAT(text, Not(HasSubstr("NOT COMPLETE")));
  EXPECT_THAT(text, HasSubstr("irq  deadlock 7"));
  EXPECT_THAT(text, HasSubstr("4 taken where raised; 3 later in the window, at rs_log+0xa."));
  EXPECT_THAT(text, HasSubstr("Skipped: nothing."));
  for (const char* limit : {"weak memory order", "speculation", "TLB conflict", "another architecture than x86_64"}) {
    EXPECT_THAT(text, HasSubstr(limit));
  }
  EXPECT_THAT(text, HasSubstr("kvm-interpreting"));
  EXPECT_THAT(text, HasSubstr("kernel  " + std::string(64, 'a') + "\n"));
}

// Where a timer's interrupt came first the other one is taken in its softirq, and the window is still open.
TEST(Certificate, WhatIsKnownFromTheHandlerAloneIsNotCalledBehindTheWindow) {
  Certificate c = sample_certificate();
  TakenAt at{Gva(0xffffffff81001000), "handle_softirqs", 0x22c, std::nullopt, "hardirq", false};
  c.trials[0].taken = {at};
  EXPECT_THAT(certificate_text(c), HasSubstr("taken first, such"));
  at.exact = true;
  c.trials[0].taken = {at};
  const std::string text = certificate_text(c);
  EXPECT_THAT(text, HasSubstr("behind the window, at handle_softirqs"));
  EXPECT_THAT(text, Not(HasSubstr("taken first, such")));
}

TEST(Certificate, TextOfAnIncompleteOneSaysSoFirst) {
  Certificate c = sample_certificate();
  c.trials.erase(c.trials.begin() + 4);
  c.skipped.push_back({{2, "irq"}, "the guest was not there again: it stood at rs_log+0x8 after 2 instructions"});
  c.interrupted = true;
  const std::string text = certificate_text(c);
  EXPECT_THAT(text, HasSubstr("NOT COMPLETE. 7"));
  EXPECT_THAT(text, HasSubstr("13 of 14\n              executed, 1 skipped."));
  EXPECT_THAT(text, HasSubstr("interrupted"));
  EXPECT_THAT(text, HasSubstr("rs_log+0x0, irq: the guest was not there again"));
}

TEST(Certificate, TextOfManyInjectionsUsesLetters) {
  Certificate c = sample_certificate();
  c.injections = {"irq", "nmi", "hold", "irq+nmi", "irq+hold", "nmi+irq", "nmi+hold", "hold+irq", "hold+nmi"};
  std::istringstream lines(certificate_text(c));
  std::string all;
  for (std::string line; std::getline(lines, line); all += line + "\n")
    EXPECT_TRUE(line.size() <= 72 || line.starts_with("Again ")) << line;
  EXPECT_THAT(all, HasSubstr("1 irq, 2 nmi, 3 hold"));
  EXPECT_THAT(all, HasSubstr(" D  D  -  -"));
}

TEST(Certificate, LongAndHostileNamesDoNotBreakTheText) {
  Certificate c = sample_certificate();
  for (Boundary& one : c.boundaries) one.symbol = std::string(90, 'x') + "\x1b[31m\n";
  c.window = std::string(200, 'w');
  std::istringstream lines(certificate_text(c));
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(line.size() <= 72 || line.starts_with("Again ")) << line;
}

TEST(Certificate, JsonHasTheAgreedFields) {
  Certificate c = sample_certificate();
  c.trials.pop_back();
  c.skipped.push_back({{6, "nmi"}, "why"});
  const Json json = Json::parse(certificate_json(c));
  EXPECT_EQ(json.at("schema"), 2);
  EXPECT_EQ(json.at("window_kind"), "entry-absent");
  EXPECT_EQ(json.at("code"), Json({{"kernel", 0}, {"strategy", 2}, {"harness", 5}}));
  EXPECT_EQ(json.at("functions")[1].at("symbol"), "rs_log");
  EXPECT_EQ(json.at("functions")[1].at("verdicts").at("nmi").at("deadlock"), 4);
  EXPECT_EQ(json.at("boundaries")[2].at("code"), "harness");
  EXPECT_EQ(json.at("trials")[0].at("taken")[0].at("exact"), true);
  EXPECT_EQ(json.at("window"), "bbm-pte");
  EXPECT_EQ(json.at("strategy"), "bbm-fault");
  EXPECT_EQ(json.at("host").at("kind"), "kvm-interpreting");
  EXPECT_EQ(json.at("complete"), false);
  ASSERT_EQ(json.at("trials").size(), 13U);
  const Json& trial = json.at("trials")[6];  // boundary 3, irq
  EXPECT_EQ(trial.at("pc"), "0xffffffff81001001");
  EXPECT_EQ(trial.at("symbol"), "rs_log");
  EXPECT_EQ(trial.at("offset"), 1);
  EXPECT_EQ(trial.at("inject"), "irq");
  EXPECT_EQ(trial.at("verdict"), "deadlock");
  EXPECT_EQ(trial.at("taken")[0].at("boundary"), 6);
  EXPECT_EQ(trial.at("taken")[0].at("offset"), 10);
  ASSERT_EQ(json.at("skipped").size(), 1U);
  EXPECT_EQ(json.at("skipped")[0].at("reason"), "why");
  EXPECT_EQ(json.at("skipped")[0].at("symbol"), "rs_log");
  EXPECT_EQ(json.at("boundaries").size(), 7U);
  EXPECT_EQ(json.at("guest").at("series_sha256"), std::string(64, 'c'));
  EXPECT_EQ(json.at("harness").at("build"), c.harness_build);
  EXPECT_GE(json.at("not_covered").size(), 5U);
}

TEST(Certificate, PictureNamesEveryBoundaryAndEscapesWhatTheGuestSays) {
  Certificate c = sample_certificate();
  c.boundaries[0].text = "mov <evil> & \"quotes\"";
  c.trials.pop_back();
  const std::string svg = certificate_svg(c);
  EXPECT_THAT(svg, HasSubstr("mov &lt;evil&gt; &amp; &quot;quotes&quot;"));
  EXPECT_THAT(svg, Not(HasSubstr("<evil>")));
  EXPECT_THAT(svg, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(svg, HasSubstr("irq at rs_log+0x1 (visit 2): deadlock"));
  EXPECT_THAT(svg, HasSubstr("nmi at rs_log+0xa: skipped"));
  EXPECT_THAT(svg, HasSubstr("NOT complete"));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
}

// The sample, and both orders of IRQ and NMI at each two of its boundaries; the second only comes to pass behind 3.
Certificate sample_with_pairs() {
  Certificate c = sample_certificate();
  c.pairs = {"irq+nmi", "nmi+irq"};
  for (const ExplorePoint& point : c.all_points()) {
    if (!point.second) continue;
    ExploredTrial trial = c.trials.front();
    static_cast<ExplorePoint&>(trial) = point;
    trial.second_raised = *point.second > 3;
    trial.verdict = point.inject == "irq+nmi" && point.boundary > 2 ? Verdict::clean : Verdict::deadlock;
    c.trials.push_back(std::move(trial));
  }
  c.sort();
  return c;
}

TEST(CertificateOfPairs, HasAPointForEachTwoBoundariesAndOrder) {
  Certificate c = sample_with_pairs();
  EXPECT_EQ(c.points(), 14U + 2 * 21U);
  EXPECT_EQ(c.all_points().size(), c.points());
  EXPECT_TRUE(c.complete());
  EXPECT_EQ(c.count("irq")[Verdict::deadlock], 7U) << "pairs do not count among those at one boundary";
  EXPECT_EQ(c.trial(0, "irq+nmi"), nullptr);
  c.trials.erase(c.trials.begin() + 5);  // a pair
  EXPECT_FALSE(c.complete());
  ASSERT_EQ(points_left(c, c.all_points()).size(), 1U);
  EXPECT_TRUE(points_left(c, c.all_points()).front().second.has_value());
}

TEST(CertificateOfPairs, ASampleIsNeverComplete) {
  Certificate c = sample_certificate();
  c.pairs = {"irq+nmi"};
  c.stride = 3;  // of 0, 3, 6
  EXPECT_EQ(c.points(), 14U + 3U);
  for (const ExplorePoint& point : points_left(c, c.all_points())) {
    EXPECT_EQ(point.boundary % 3, 0U);
    EXPECT_EQ(*point.second % 3, 0U);
    ExploredTrial trial = c.trials.front();
    static_cast<ExplorePoint&>(trial) = point;
    c.trials.push_back(trial);
  }
  c.sort();
  EXPECT_TRUE(points_left(c, c.all_points()).empty());
  EXPECT_FALSE(c.complete());
  const std::string text = certificate_text(c);
  EXPECT_THAT(text, HasSubstr("NOT COMPLETE"));
  EXPECT_THAT(text, HasSubstr("a SAMPLE,"));
}

TEST(CertificateOfPairs, TextShowsThemByStretchAndFits) {
  const std::string text = certificate_text(sample_with_pairs());
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(line.size() <= 72 || line.starts_with("Again ")) << line;
  EXPECT_THAT(text, HasSubstr("irq+nmi  clean 6, deadlock 15; in 6 after the first"));
  EXPECT_THAT(text, HasSubstr("nmi+irq: second in stretch   1  2  3  4"));
  EXPECT_THAT(text, HasSubstr("first in stretch 1         d  d  *  D"));
  EXPECT_THAT(text, Not(HasSubstr("two injections in one window"))) << "that is covered now";
  EXPECT_THAT(text, HasSubstr("two injections of one kind"));
}

TEST(CertificateOfPairs, JsonNamesBothBoundaries) {
  Certificate c = sample_with_pairs();
  c.skipped.push_back({{0, "irq+nmi", 5}, "why"});
  const Json json = Json::parse(certificate_json(c));
  EXPECT_EQ(json.at("points"), 56);
  EXPECT_EQ(json.at("stride"), 1);
  EXPECT_EQ(json.at("pairs")[0].at("name"), "irq+nmi");
  EXPECT_EQ(json.at("pairs")[0].at("verdicts").at("clean"), 6);
  EXPECT_EQ(json.at("pairs")[0].at("second_not_raised"), 6);
  EXPECT_EQ(json.at("injections")[0].at("verdicts").at("deadlock"), 7);
  const Json& pair = json.at("trials")[2];
  EXPECT_EQ(pair.at("inject"), "irq+nmi");
  EXPECT_EQ(pair.at("boundary"), 0);
  EXPECT_EQ(pair.at("second").at("boundary"), 1);
  EXPECT_EQ(pair.at("second").at("symbol"), "vmemmap_update_pte");
  EXPECT_EQ(pair.at("second").at("raised"), false);
  EXPECT_FALSE(json.at("trials")[0].contains("second"));
  EXPECT_EQ(json.at("skipped")[0].at("second").at("boundary"), 5);
}

TEST(CertificateOfPairs, DifferencesNameBothBoundaries) {
  const Certificate a = sample_with_pairs();
  Certificate b = a;
  b.trials[2].verdict = Verdict::clean;
  ASSERT_EQ(differing_verdicts(a, b).size(), 1U);
  EXPECT_EQ(differing_verdicts(a, b)[0],
            "vmemmap_update_pte+0x40 then vmemmap_update_pte+0x43, irq+nmi: deadlock against clean");
}

TEST(Certificate, DifferencesOfTwoNamePointAndVerdicts) {
  const Certificate a = sample_certificate();
  Certificate b = a;
  EXPECT_TRUE(differing_verdicts(a, b).empty());
  b.trials[1].verdict = Verdict::clean;
  ASSERT_EQ(differing_verdicts(a, b).size(), 1U);
  EXPECT_EQ(differing_verdicts(a, b)[0], "vmemmap_update_pte+0x40, nmi: deadlock against clean");
}

}  // namespace
}  // namespace remapstorm
