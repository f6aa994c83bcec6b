// SPDX-License-Identifier: Apache-2.0
#include "report/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

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
  c.skipped.push_back({6, "nmi", "the boundary was not reached again"});
  EXPECT_FALSE(c.complete()) << "a skipped point is told, not counted as done";
  Certificate twice = sample_certificate();
  twice.trials.back() = twice.trials.front();
  EXPECT_FALSE(twice.complete()) << "the number of trials alone proves nothing";
  EXPECT_FALSE(Certificate{}.complete()) << "nothing explored is nothing certified";
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
    EXPECT_LE(line.size(), 72U) << line;
    for (const char letter : line) EXPECT_TRUE(letter >= ' ' && letter <= '~') << line;
    EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
  }
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

TEST(Certificate, TextOfAnIncompleteOneSaysSoFirst) {
  Certificate c = sample_certificate();
  c.trials.erase(c.trials.begin() + 4);
  c.skipped.push_back({2, "irq", "the guest was not there again: it stood at rs_log+0x8 after 2 instructions"});
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
  for (std::string line; std::getline(lines, line); all += line + "\n") EXPECT_LE(line.size(), 72U) << line;
  EXPECT_THAT(all, HasSubstr("1 irq, 2 nmi, 3 hold"));
  EXPECT_THAT(all, HasSubstr(" D  D  -  -"));
}

TEST(Certificate, LongAndHostileNamesDoNotBreakTheText) {
  Certificate c = sample_certificate();
  for (Boundary& one : c.boundaries) one.symbol = std::string(90, 'x') + "\x1b[31m\n";
  c.window = std::string(200, 'w');
  std::istringstream lines(certificate_text(c));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 72U) << line;
}

TEST(Certificate, JsonHasTheAgreedFields) {
  Certificate c = sample_certificate();
  c.trials.pop_back();
  c.skipped.push_back({6, "nmi", "why"});
  const Json json = Json::parse(certificate_json(c));
  EXPECT_EQ(json.at("schema"), 1);
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
