// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "report/html/html_report.h"
#include "report/sweep.h"
#include "results/sweep_json.h"
#include "results/sweep_reader.h"
#include "tests/base/temporary_folder.h"
#include "tests/sweep/sample_sweep.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page_of_sweep(const TemporaryFolder& folder) {
  const Status made = write_run_report(folder.path(), folder.file("pages"));
  EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
  std::ostringstream text;
  text << std::ifstream(folder.file("pages/index.html")).rdbuf();
  return text.str();
}

// A sweep keeps few recordings, and has no results.json: neither makes its trials fewer.
TEST(SweepPage, HasEveryTrialOfTheTable) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("sweep.json")) << sweep_json(sample_sweep());
  ASSERT_TRUE(is_run_folder(folder.path()));
  const auto run = read_run(folder.path());
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_EQ(run->trials.size(), 24U) << "9 ran, 15 did not";
  EXPECT_TRUE(run->missing.empty());
  const std::string page = page_of_sweep(folder);
  EXPECT_THAT(page, HasSubstr("16 of 24 trials not as expected"));
  EXPECT_THAT(page, HasSubstr("control, seed 2"));
  EXPECT_THAT(page, HasSubstr("no guest image of flavour rt"));
  EXPECT_THAT(page, Not(HasSubstr("results.json")));
}

TEST(SweepPage, OfAKilledSweepHasWhatEnded) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("sweep.jsonl"))
      << R"({"journal":1,"sweep":{}})"
      << "\n"
      << R"({"scenario":"a","strategy":"s","flavour":"std","host":"kvm","seed":1,"verdict":"clean","expected":"clean",)"
      << R"("ok":true,"exit_code":0,"reason":"r","differences":[],"fingerprint":"","duration_ns":5,"repeat":"x","events":""})"
      << "\n"
      << R"({"scenario":"a","stra)";
  const auto run = read_run(folder.path());
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_EQ(run->trials.size(), 1U);
  EXPECT_THAT(page_of_sweep(folder), HasSubstr("the sweep was not finished"));
}

TEST(SweepPage, RefusesWhatItDoesNotKnow) {
  const TemporaryFolder folder;
  for (const char* wrong :
       {"[", "[]", R"({"schema":9})", R"({"schema":1,"matrix":{"seeds":1},"cells":[{"trials":[{}]}]})",
        R"({"schema":1,"matrix":{"seeds":99999999999},"cells":[]})"}) {
    std::ofstream(folder.file("sweep.json")) << wrong;
    EXPECT_FALSE(read_run(folder.path()).ok()) << wrong;
  }
}

}  // namespace
}  // namespace remapstorm
