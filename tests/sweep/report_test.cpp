// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "report/sweep.h"
#include "report/text.h"
#include "results/sweep_json.h"
#include "tests/base/temporary_folder.h"
#include "tests/sweep/ktap_reader.h"
#include "tests/sweep/sample_sweep.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string table(const Sweep& sweep, bool colour = false) {
  std::ostringstream out;
  TerminalStyle style;
  style.colour = colour;
  write_sweep_table(out, style, sweep);
  return out.str();
}

TEST(SweepTable, SaysEachCellAndMarksWhatWasNotExpected) {
  const std::string text = table(sample_sweep());
  EXPECT_THAT(text, HasSubstr("scenario      strategy   flavour  kvm"));
  EXPECT_THAT(text, testing::ContainsRegex("irq-same-cpu +bbm-fault +std +3 deadlock +3 not run!"));
  EXPECT_THAT(text, testing::ContainsRegex("control +inplace +std +2 clean 1 stall!"));
  EXPECT_THAT(text, HasSubstr("no guest image of flavour rt (1 cell)"));
  EXPECT_THAT(text, HasSubstr("HINT: build it"));
  EXPECT_THAT(text, HasSubstr("8 as expected, 1 not, 15 not run; 8 cells that their scenarios are not made for"));
  EXPECT_THAT(text, HasSubstr("    ./run irq-same-cpu --strategy bbm-fault --seed 2\n"));
  EXPECT_THAT(text, HasSubstr("\nkvm: kvm-interpreting, "));
}

TEST(SweepTable, FitsWhateverTheNamesAre) {
  Sweep sweep = sample_sweep();
  const std::string longest(64, 'n');
  for (SweepCell& cell : sweep.cells.made) cell.scenario = longest;
  for (SweepTrial& trial : sweep.trials) {
    trial.cell.scenario = longest;
    trial.repeat = "r";
  }
  for (int hosts = 1; hosts < 4; ++hosts) {
    sweep.matrix.hosts.assign(static_cast<std::size_t>(hosts), "kvm");
    std::istringstream lines(table(sweep));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), 100U) << line;
  }
}

TEST(SweepKtap, IsValidAndNestsAsTheMatrixDoes) {
  const std::string text = sweep_ktap(sample_sweep());
  const KtapReader read(text);
  EXPECT_EQ(read.problem(), "") << text;
  EXPECT_EQ(read.depth(), 5U);
  EXPECT_EQ(read.results_at(4), 24U) << "each seed of each cell";
  EXPECT_EQ(read.results_at(0), 2U);
  EXPECT_THAT(text, HasSubstr("KTAP version 1\n1..2\n  KTAP version 1\n  # Subtest: irq-same-cpu\n  1..2\n"
                              "    KTAP version 1\n    # Subtest: inplace\n"));
  EXPECT_THAT(text, HasSubstr("\n        ok 1 control.inplace.std.kvm.seed-1\n"));
  // kvm was skipped for want of an image, the lab never reached: no part of it is a plain ok.
  EXPECT_THAT(text, HasSubstr("\n      ok 1 kvm # SKIP 3 of 3 not run\n"));
  EXPECT_THAT(text, HasSubstr("\n      not ok 2 lab:x86\n"));
  EXPECT_THAT(text, HasSubstr("\nnot ok 1 irq-same-cpu\n"));
  EXPECT_THAT(text, Not(HasSubstr("# of <this>"))) << "a # would begin a directive";
  EXPECT_THAT(text, HasSubstr("\n# kvm: kvm-interpreting, "));
}

TEST(SweepKtap, IsValidWhereNothingRan) {
  Sweep sweep = sample_sweep();
  sweep.trials.clear();
  sweep.gaps.clear();
  sweep.interrupted = true;
  const std::string text = sweep_ktap(sweep);
  EXPECT_EQ(KtapReader(text).problem(), "");
  EXPECT_THAT(
      text,
      HasSubstr("not ok 1 irq-same-cpu.inplace.std.kvm.seed-1 # ERROR not run: the sweep was stopped before it\n"));
}

TEST(SweepJunit, CountsAndEscapes) {
  const std::string text = sweep_junit(sample_sweep());
  EXPECT_THAT(text, HasSubstr("<testsuites name=\"remapstorm sweep\" tests=\"24\" failures=\"1\" errors=\"12\" "
                              "skipped=\"3\""));
  EXPECT_THAT(text, HasSubstr("because # of &lt;this&gt; &amp; &quot;that&quot;"));
  EXPECT_THAT(text, HasSubstr("<testcase classname=\"control.inplace.std.kvm\" name=\"seed-2\""));
  EXPECT_THAT(text, HasSubstr("<property name=\"host\" value=\"kvm: kvm-interpreting, "));
}

TEST(SweepKtap, NoTwoLeavesAreCalledTheSame) {
  const KtapReader read(sweep_ktap(sample_sweep()));
  EXPECT_EQ(std::set<std::string>(read.leaves().begin(), read.leaves().end()).size(), 24U);
}

TEST(SweepJunit, ATimeoutIsAnError) {
  Sweep sweep = sample_sweep();
  SweepTrial& odd = *std::find_if(sweep.trials.begin(), sweep.trials.end(), [](const auto& one) { return !one.ok; });
  odd.verdict = Verdict::timeout;
  odd.exit_code = 3;
  EXPECT_THAT(sweep_junit(sweep), HasSubstr("failures=\"0\" errors=\"13\" skipped=\"3\""));
}

TEST(SweepJson, HasEveryCell) {
  const auto json = nlohmann::json::parse(sweep_json(sample_sweep()));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["cells"].size(), 8U);
  EXPECT_EQ(json["matrix"]["not_made_for"], 8);
  EXPECT_EQ(json["summary"]["exit_code"], 1);
  EXPECT_EQ(json["cells"][4]["counts"][1]["word"], "stall");
  EXPECT_EQ(json["cells"][6]["not_run"]["reason"], "no guest image of flavour rt");
}

TEST(SweepJson, GapsAreReadBackForAnotherHost) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("sweep.json")) << sweep_json(sample_sweep());
  const auto gaps = read_sweep_gaps(folder.file("sweep.json"), "lab:x86");
  ASSERT_TRUE(gaps.ok()) << gaps.error().message;
  ASSERT_EQ(gaps->size(), 5U);
  EXPECT_EQ(gaps->front().cell.host, "lab:x86");
  bool unavailable = false;
  for (const SweepGap& gap : *gaps) unavailable = unavailable || gap.why.kind == ErrorKind::unavailable;
  EXPECT_TRUE(unavailable);
  for (const char* wrong : {"", "[]", "{}", R"({"schema":9,"cells":[]})", R"({"schema":1,"cells":[3]})"}) {
    std::ofstream(folder.file("wrong.json")) << wrong;
    EXPECT_FALSE(read_sweep_gaps(folder.file("wrong.json"), "x").ok()) << wrong;
  }
}

}  // namespace
}  // namespace remapstorm
