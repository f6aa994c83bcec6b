// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "report/text.h"
#include "tests/report/sample_results.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string printed(const std::vector<ScenarioResults>& results, TerminalStyle style = {}, std::uint64_t repeat = 1) {
  std::ostringstream out;
  const auto report = make_terminal_report(out, style);
  return told(*report, out, sample_run(repeat), results);
}

TEST(Terminal, ForeignTextIsPaintedWithoutWhatATerminalObeys) {
  std::ostringstream out;
  TerminalStyle style;
  style.colour = true;
  EXPECT_EQ(TextWriter(out, style).paint(Tone::strong, "a\x1b[2Jb"), "\033[1ma?[2Jb\033[0m");
  style.colour = false;
  EXPECT_EQ(TextWriter(out, style).paint(Tone::plain, "a\rb"), "a?b");
}

TEST(Terminal, AProvenDeadlockTellsEverything) {
  const std::string text = printed({results_of({deadlock_result()})});
  for (const char* said : {"DEADLOCK (proven)",
                           "as expected",
                           "from injection to proof",
                           "vCPU 0 holds    init_mm.page_table_lock",
                           "since vmemmap_update_pte+0x40, in task context with IRQs on",
                           "vCPU 0 waits for it, in hardirq context",
                           "since rs_vmemmap_fault+0x20",
                           "irq (msi) on vCPU 0, rule \"irq-rule\"",
                           "at vmemmap_update_pte+0x40 (bbm.break)",
                           "out dx, eax",
                           "◀ injected here",
                           "exc_page_fault+0x60",
                           "=> 0xffffffff81400028",
                           "mov eax, [rdi]",
                           "repeat it  ./run irq-same-cpu",
                           "claims C1 C2",
                           "1 trial: 1 as expected",
                           "recorded in /home/somebody",
                           "host   kvm-interpreting, x86_64",
                           "Linux 6.12.117"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
}

TEST(Terminal, KeepsToTheWidthAndToPlainText) {
  TrialResult trial = deadlock_result();
  auto& finding = trial.judgement.findings.front();
  finding.cycle.front().owner_symbol = std::string(150, 'x') + "+0x1";
  finding.samples.front().backtrace.front().symbol = std::string(200, 'y');
  finding.samples.front().disassembly.front().text = std::string(200, 'z');
  finding.injection->where = "a\x1b[31mb";
  for (const bool utf8 : {true, false}) {
    TerminalStyle style;
    style.utf8 = utf8;
    std::istringstream lines(printed({results_of({trial})}, style));
    std::string line;
    while (std::getline(lines, line)) {
      EXPECT_LE(columns(line), 100U) << line;
      EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
      if (!utf8) {
        for (const char letter : line) ASSERT_LT(static_cast<unsigned char>(letter), 0x80U) << line;
      }
    }
  }
}

TEST(Terminal, ColourOnlyWhenAsked) {
  TerminalStyle style;
  EXPECT_THAT(printed({results_of({deadlock_result()})}, style), Not(HasSubstr("\x1b[")));
  style.colour = true;
  EXPECT_THAT(printed({results_of({deadlock_result()})}, style), HasSubstr("\x1b[1m"));
}

TEST(Terminal, StyleFollowsTheEnvironment) {
  EXPECT_TRUE(terminal_style(nullptr, nullptr, nullptr, "C.UTF-8").colour);
  EXPECT_TRUE(terminal_style("", nullptr, nullptr, "C.UTF-8").colour);
  EXPECT_FALSE(terminal_style("1", nullptr, nullptr, "C.UTF-8").colour);
  EXPECT_TRUE(terminal_style(nullptr, nullptr, nullptr, "en_GB.utf8").utf8);
  EXPECT_FALSE(terminal_style(nullptr, nullptr, nullptr, "C").utf8);
  EXPECT_FALSE(terminal_style(nullptr, nullptr, nullptr, nullptr).utf8);
  EXPECT_FALSE(terminal_style(nullptr, "C", nullptr, "C.UTF-8").utf8);
  EXPECT_TRUE(terminal_style(nullptr, "", "C.UTF-8", "C").utf8);
}

TEST(Terminal, WhatDiffersIsSaid) {
  const std::string text = printed({results_of({clean_result(Verdict::deadlock)})});
  EXPECT_THAT(text, HasSubstr("CLEAN  NOT as expected (deadlock)"));
  EXPECT_THAT(text, HasSubstr("expected deadlock, got clean"));
}

TEST(Terminal, AStallSaysHowMuchWasImposed) {
  const std::string text = printed({results_of({stall_result()})});
  EXPECT_THAT(text, HasSubstr("STALL"));
  EXPECT_THAT(text, HasSubstr("300 ms, 300 ms of it imposed"));
}

TEST(Terminal, AGuestsReportIsShownWithoutItsControlCharacters) {
  const std::string text = printed({results_of({oops_result()})});
  EXPECT_THAT(text, HasSubstr("OOPS"));
  EXPECT_THAT(text, HasSubstr("BUG: unable to handle page fault"));
  EXPECT_THAT(text, HasSubstr("# of lines"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b[31m")));
}

TEST(Terminal, WhatDidNotRunHasReasonAndHint) {
  const std::string text = printed({results_of({not_run(unavailable_error("no /dev/kvm", "load the kvm module"))})});
  EXPECT_THAT(text, HasSubstr("NOT RUN"));
  EXPECT_THAT(text, HasSubstr("no /dev/kvm"));
  EXPECT_THAT(text, HasSubstr("HINT: load the kvm module"));
}

TEST(Terminal, RepeatedTrialsAreALineEachAndATable) {
  const std::string text =
      printed({results_of({deadlock_result(Verdict::deadlock, 0), deadlock_result(Verdict::deadlock, 1),
                           clean_result(Verdict::deadlock, 2)})},
              {}, 3);
  EXPECT_THAT(text, HasSubstr("✓ trial 0  DEADLOCK (proven)"));
  EXPECT_THAT(text, HasSubstr("✗ trial 2  CLEAN"));
  EXPECT_THAT(text, HasSubstr("expected deadlock, got clean"));
  EXPECT_THAT(text, HasSubstr("as expected  shortest"));
  EXPECT_THAT(text, HasSubstr("DEADLOCK (proven)     2       2"));
  EXPECT_THAT(text, Not(HasSubstr("Backtrace")));
  EXPECT_THAT(text, HasSubstr("  deadlock 2 of 3: 66.7 %; 95 % confidence, if they are independent: 20.8 to 93.9 %\n"));
}

TEST(Terminal, AFewTrialsThatEndAlikeHaveNoShares) {
  std::vector<TrialResult> trials = {deadlock_result(Verdict::deadlock, 0), deadlock_result(Verdict::deadlock, 1)};
  const std::string text = printed({results_of(trials)}, {}, 2);
  EXPECT_THAT(text, HasSubstr("as expected  shortest"));
  EXPECT_THAT(text, Not(HasSubstr("confidence")));
  while (trials.size() < 10) trials.push_back(deadlock_result(Verdict::deadlock, trials.size()));
  EXPECT_THAT(printed({results_of(trials)}, {}, 10),
              HasSubstr("  deadlock 10 of 10: 100 %; 95 % confidence, if they are independent: 72.2 to 100 %\n"));
}

TEST(Terminal, QuietSaysOnlyWhatIsNotOk) {
  TerminalStyle style;
  style.quiet = true;
  const std::string good = printed({results_of({deadlock_result()})}, style);
  EXPECT_EQ(good, "1 trial: 1 as expected\nrecorded in /home/somebody/.local/state/remapstorm/runs/latest\n");
  EXPECT_THAT(printed({results_of({oops_result()})}, style), HasSubstr("OOPS"));
}

TEST(Text, Lengths) {
  EXPECT_EQ(human_length(Nanoseconds{0}), "0 ns");
  EXPECT_EQ(human_length(Nanoseconds{999}), "999 ns");
  EXPECT_EQ(human_length(Nanoseconds{12'340}), "12.3 us");
  EXPECT_EQ(human_length(ms(181.4)), "181 ms");
  EXPECT_EQ(human_length(ms(2410)), "2.41 s");
  EXPECT_EQ(human_length(ms(9.996)), "10.0 ms");
}

TEST(Text, CutsAndWrapsByColumns) {
  EXPECT_EQ(cut("abcdef", 6), "abcdef");
  EXPECT_EQ(cut("abcdefg", 6), "abc...");
  EXPECT_EQ(cut("äöüäöü", 6), "äöüäöü");
  EXPECT_EQ(cut("äöüäöüä", 6), "äöü...");
  std::ostringstream out;
  TerminalStyle style;
  style.width = 20;
  TextWriter(out, style).wrapped("  - ", "one two three four five six");
  EXPECT_EQ(out.str(), "  - one two three\n    four five six\n");
}

}  // namespace
}  // namespace remapstorm
