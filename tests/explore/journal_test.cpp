// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "results/explore_journal.h"
#include "tests/base/temporary_folder.h"
#include "tests/explore/sample_certificate.h"

namespace remapstorm {
namespace {

Certificate without_trials() {
  Certificate certificate = sample_certificate();
  certificate.trials.clear();
  return certificate;
}

class Journal : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string path_ = folder_.file("trials.jsonl");

  void write(std::size_t trials) {
    auto journal = ExploreJournal::create(path_, without_trials());
    ASSERT_TRUE(journal.ok()) << journal.error().message;
    for (std::size_t i = 0; i < trials; ++i) ASSERT_TRUE(journal->add(sample_certificate().trials[i]).ok());
    ASSERT_TRUE(journal->add(SkippedPoint{{5, "irq"}, "why"}).ok());
  }
};

TEST_F(Journal, GivesBackWhatWasWritten) {
  write(9);
  Certificate certificate = without_trials();
  auto journal = ExploreJournal::resume(path_, certificate);
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  const Certificate whole = sample_certificate();
  EXPECT_EQ(certificate.trials, std::vector<ExploredTrial>(whole.trials.begin(), whole.trials.begin() + 9));
  EXPECT_TRUE(certificate.skipped.empty()) << "what was skipped is tried again";
}

TEST_F(Journal, ALineThatWasCutOffIsLostAlone) {
  write(3);
  std::ofstream(path_, std::ios::app) << R"({"trial":{"boundary":3,"inj)";
  {
    Certificate certificate = without_trials();
    auto journal = ExploreJournal::resume(path_, certificate);
    ASSERT_TRUE(journal.ok());
    EXPECT_EQ(certificate.trials.size(), 3U);
    ASSERT_TRUE(journal->add(sample_certificate().trials[3]).ok());
  }
  Certificate again = without_trials();
  ASSERT_TRUE(ExploreJournal::resume(path_, again).ok());
  EXPECT_EQ(again.trials.size(), 4U);
}

// Room that is found again must not put a whole line behind half a one.
TEST_F(Journal, AfterAnErrorNothingIsAdded) {
  {
    auto journal = ExploreJournal::create(path_, without_trials());
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE(journal->add(sample_certificate().trials[0]).ok());
    rlimit saved{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &saved), 0);
    const auto saved_handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{std::filesystem::file_size(path_) + 10, saved.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const Status cut = journal->add(sample_certificate().trials[1]);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &saved), 0);
    std::signal(SIGXFSZ, saved_handler);
    EXPECT_FALSE(cut.ok());
    EXPECT_FALSE(journal->add(sample_certificate().trials[2]).ok());
  }
  Certificate certificate = without_trials();
  const auto again = ExploreJournal::resume(path_, certificate);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(certificate.trials.size(), 1U);
}

TEST_F(Journal, APointDoneTwiceCountsOnce) {
  write(2);
  {
    Certificate certificate = without_trials();
    auto journal = ExploreJournal::resume(path_, certificate);
    ASSERT_TRUE(journal->add(sample_certificate().trials[1]).ok());
  }
  Certificate again = without_trials();
  ASSERT_TRUE(ExploreJournal::resume(path_, again).ok());
  EXPECT_EQ(again.trials.size(), 2U);
}

TEST_F(Journal, TwoAtATimeWouldEachMissWhatTheOtherDoes) {
  write(2);
  Certificate certificate = without_trials();
  const auto first = ExploreJournal::resume(path_, certificate);
  ASSERT_TRUE(first.ok());
  Certificate again = without_trials();
  const auto second = ExploreJournal::resume(path_, again);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another exploration is writing"), std::string::npos);
}

TEST_F(Journal, KeepsWhereTheSecondOfAPairWas) {
  Certificate asked = without_trials();
  asked.pairs = {"irq+nmi"};
  ExploredTrial raised = sample_certificate().trials[0], not_raised = raised;
  static_cast<ExplorePoint&>(raised) = {1, "irq+nmi", 4};
  static_cast<ExplorePoint&>(not_raised) = {1, "irq+nmi", 5};
  raised.second_raised = true;
  {
    auto journal = ExploreJournal::create(path_, asked);
    ASSERT_TRUE(journal.ok());
    for (const ExploredTrial& one : {not_raised, raised, raised}) ASSERT_TRUE(journal->add(one).ok());
    ASSERT_TRUE(journal->add(SkippedPoint{{2, "irq+nmi", 3}, "why"}).ok());
  }
  Certificate again = asked;
  ASSERT_TRUE(ExploreJournal::resume(path_, again).ok());
  EXPECT_EQ(again.trials, (std::vector<ExploredTrial>{raised, not_raised}));

  Certificate other = without_trials();
  EXPECT_NE(ExploreJournal::resume(path_, other).error().message.find("the pairs differs"), std::string::npos);
  other = asked;
  other.stride = 2;
  EXPECT_NE(ExploreJournal::resume(path_, other).error().message.find("stride 1; irq+nmi there"), std::string::npos);
  std::ofstream(path_, std::ios::app) << R"({"trial":{"boundary":4,"second":4,"inject":"irq+nmi","verdict":"clean",)"
                                      << R"("reason":"","fingerprint":"","duration_ns":1,"repeat":"","events":""}})"
                                      << '\n';
  again = asked;
  EXPECT_FALSE(ExploreJournal::resume(path_, again).ok()) << "the second does not come after the first";
}

TEST_F(Journal, RefusesByNameWhatDiffers) {
  write(1);
  Certificate other = without_trials();
  other.guest.vmlinux_sha256 = std::string(64, 'e');
  auto refused = ExploreJournal::resume(path_, other);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().message.find("the kernel differs"), std::string::npos) << refused.error().message;
  // A kernel of one's own has no recorded sha256.
  other.guest.vmlinux_sha256.clear();
  other.guest.hash = "0123456789abcdef";
  EXPECT_NE(ExploreJournal::resume(path_, other).error().message.find("0123456789abcdef here"), std::string::npos);
  other = without_trials();
  other.boundaries.pop_back();
  EXPECT_NE(ExploreJournal::resume(path_, other).error().message.find("boundaries differ"), std::string::npos);
}

TEST_F(Journal, RefusesToOverwriteAndToReadNonsense) {
  write(1);
  EXPECT_EQ(ExploreJournal::create(path_, without_trials()).error().kind, ErrorKind::usage);
  for (const char* nonsense : {"", "hello\n", "[]\n", "{\"journal\":7}\n"}) {
    std::ofstream(path_, std::ios::trunc) << nonsense;
    Certificate certificate = without_trials();
    EXPECT_FALSE(ExploreJournal::resume(path_, certificate).ok()) << nonsense;
  }
  const auto with_trial = [&](const std::string& trial) {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
    write(0);
    std::ofstream(path_, std::ios::app) << "{\"trial\":" << trial << "}\n";
    Certificate certificate = without_trials();
    return ExploreJournal::resume(path_, certificate).ok();
  };
  EXPECT_FALSE(with_trial("{}"));
  EXPECT_FALSE(with_trial("7"));
  EXPECT_FALSE(with_trial(R"({"boundary":99,"inject":"irq","verdict":"clean"})"));
  EXPECT_FALSE(with_trial(R"({"boundary":1,"inject":"irq","verdict":"splendid","reason":"","fingerprint":""})"));
}

}  // namespace
}  // namespace remapstorm
