// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "results/sweep_journal.h"
#include "tests/base/temporary_folder.h"
#include "tests/sweep/sample_sweep.h"

namespace remapstorm {
namespace {

class SweepJournalFile : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string path_ = folder_.file("sweep.jsonl");
  SweepIdentity identity_ = {{"scenarios", "irq-same-cpu, control"}, {"seeds", "3"}};
  Sweep sweep_ = sample_sweep();

  void write(std::size_t trials) {
    auto journal = SweepJournal::create(path_, identity_);
    ASSERT_TRUE(journal.ok()) << journal.error().message;
    for (std::size_t i = 0; i < trials; ++i) ASSERT_TRUE(journal->add(sweep_.trials[i]).ok());
  }
  Result<std::vector<SweepTrial>> resume() {
    std::vector<SweepTrial> trials;
    auto journal = SweepJournal::resume(path_, identity_, sweep_.matrix, trials);
    if (!journal.ok()) return journal.error();
    return trials;
  }
  // As a session that goes on would.
  void add(const std::vector<SweepTrial>& more) {
    std::vector<SweepTrial> trials;
    auto journal = SweepJournal::resume(path_, identity_, sweep_.matrix, trials);
    ASSERT_TRUE(journal.ok()) << journal.error().message;
    for (const SweepTrial& one : more) ASSERT_TRUE(journal->add(one).ok());
  }
  std::string text() const {
    std::ifstream in(path_);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }
  void overwrite(const std::string& content) const { std::ofstream(path_, std::ios::trunc) << content; }
};

TEST_F(SweepJournalFile, GivesBackWhatWasWritten) {
  write(9);
  const auto trials = resume();
  ASSERT_TRUE(trials.ok()) << trials.error().message;
  EXPECT_EQ(*trials, sweep_.trials);
}

TEST_F(SweepJournalFile, EveryPlaceItCanBeCutAtCostsAtMostTheLastLine) {
  write(3);
  const std::string whole = text();
  const std::size_t header = whole.find('\n') + 1;
  for (std::size_t size = header; size <= whole.size(); ++size) {
    overwrite(whole.substr(0, size));
    const auto trials = resume();
    ASSERT_TRUE(trials.ok()) << size << ": " << trials.error().message;
    const std::string kept = whole.substr(0, size);
    EXPECT_EQ(trials->size(), static_cast<std::size_t>(std::count(kept.begin(), kept.end(), '\n')) - 1);
  }
}

TEST_F(SweepJournalFile, AfterATornLineItGoesOn) {
  write(2);
  std::ofstream(path_, std::ios::app) << R"({"scenario":"irq-sam)";
  add({sweep_.trials[2]});
  const auto again = resume();
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->size(), 3U);
}

TEST_F(SweepJournalFile, ATrialMadeAgainReplacesTheFirst) {
  write(2);
  SweepTrial again = sweep_.trials[0];
  again.reason = "the second time";
  add({again});
  const auto all = resume();
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().reason, "the second time");
}

TEST_F(SweepJournalFile, AnotherMatrixIsRefusedByName) {
  write(1);
  identity_[1].second = "4";
  const auto refused = resume();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().message.find("the seeds differ: 3 there, 4 here"), std::string::npos)
      << refused.error().message;
}

TEST_F(SweepJournalFile, OneThatIsThereIsNotOverwritten) {
  write(1);
  const auto second = SweepJournal::create(path_, identity_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::usage);
}

TEST_F(SweepJournalFile, OnlyOneWritesIt) {
  write(2);
  std::vector<SweepTrial> trials;
  const auto first = SweepJournal::resume(path_, identity_, sweep_.matrix, trials);
  ASSERT_TRUE(first.ok());
  const auto second = SweepJournal::resume(path_, identity_, sweep_.matrix, trials);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another sweep is writing"), std::string::npos) << second.error().message;
}

TEST_F(SweepJournalFile, WhatIsNoJournalIsRefused) {
  for (const char* content : {"", "\n", "nonsense\n", "[1,2]\n", "{}\n",
                              R"({"journal":2,"sweep":{}})"
                              "\n",
                              R"({"journal":1,"sweep":[]})"
                              "\n"}) {
    overwrite(content);
    EXPECT_FALSE(resume().ok()) << content;
  }
  EXPECT_FALSE(SweepJournal::read(folder_.file("missing"), sweep_.matrix, "kvm").ok());
}

TEST_F(SweepJournalFile, LinesThatLieAreRefusedOrIgnored) {
  write(0);
  const std::string header = text();
  for (const char* line : {"null", "3", "[]", R"({"scenario":3})", R"({"scenario":"control"})",
                           R"({"scenario":"control","strategy":"inplace","flavour":"std","host":"kvm","seed":-1})"}) {
    overwrite(header + line + "\n");
    EXPECT_FALSE(resume().ok()) << line;
  }
  // Not of this matrix: no trial of it.
  SweepTrial stranger = sweep_.trials[0];
  stranger.seed = 4;
  overwrite(header);
  SweepTrial outsider = stranger;
  outsider.cell.scenario = "../../etc";
  add({stranger, outsider});
  const auto read = resume();
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->empty());
}

TEST_F(SweepJournalFile, RubbishNeverCrashesIt) {
  write(3);
  const std::string whole = text();
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string broken = whole;
    for (int i = 0; i < 5; ++i) broken[random() % broken.size()] = static_cast<char>(random());
    overwrite(broken);
    (void)resume();
  }
}

TEST_F(SweepJournalFile, TheLabsJournalIsReadAsThatHosts) {
  write(9);
  SweepMatrix matrix = sweep_.matrix;
  matrix.hosts = {"lab:x86"};
  const auto trials = SweepJournal::read(path_, matrix, "lab:x86");
  ASSERT_TRUE(trials.ok()) << trials.error().message;
  EXPECT_EQ(trials->size(), 9U);
  for (const SweepTrial& one : *trials) EXPECT_EQ(one.cell.host, "lab:x86");
}

}  // namespace
}  // namespace remapstorm
