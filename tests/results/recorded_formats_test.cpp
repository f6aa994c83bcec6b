// SPDX-License-Identifier: Apache-2.0
// What earlier versions of remapstorm wrote is read, and judged as it was then. tests/results/recorded/ holds a folder
// for each version of the event format of which a recording is kept, with the other formats of that time: irq-same-cpu,
// a certificate of the window of inplace, a sweep of irq-same-cpu with bbm-fault and inplace. They are real ones, but
// for the folders they name. A format that changes gets a folder beside the others; none is ever written anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "results/certificate_json.h"
#include "results/recorded_results.h"
#include "results/replayer.h"
#include "results/run_record.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

const fs::path kRecorded = SOURCE_DIR "/tests/results/recorded";

std::vector<std::string> versions() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kRecorded)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(KeptFormats, AreThere) {
  EXPECT_THAT(versions(), testing::IsSupersetOf(std::vector<std::string>{"events-3", "events-4"}));
}

class RecordedFormats : public testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] std::string file(const std::string& name) const { return (kRecorded / GetParam() / name).string(); }
};

TEST_P(RecordedFormats, TheRecordingIsJudgedAsItWas) {
  const std::string events = file("run/irq-same-cpu/bbm-fault/trial-0/events.jsonl");
  std::string first;
  std::getline(std::ifstream(events) >> std::ws, first);
  EXPECT_THAT(first, testing::HasSubstr("\"v\":" + GetParam().substr(GetParam().rfind('-') + 1) + ","));
  Result<Replayed> replayed = replay(events);
  ASSERT_TRUE(replayed.ok()) << replayed.error().message;
  EXPECT_EQ(replayed->result.verdict, Verdict::deadlock);
  EXPECT_TRUE(replayed->result.ok) << testing::PrintToString(replayed->result.differences);

  const Result<RunRecord> run = read_run(file("run"));
  ASSERT_TRUE(run.ok()) << run.error().message;
  ASSERT_EQ(run->trials.size(), 1U);
  const RecordedTrial& trial = run->trials.front();
  EXPECT_EQ(trial.verdict, Verdict::deadlock);
  EXPECT_TRUE(trial.ok);
  EXPECT_FALSE(trial.fingerprint.empty());
  EXPECT_EQ(outcome_of(replayed->result), "deadlock, " + trial.fingerprint);
  EXPECT_FALSE(run->guest.vmlinux_sha256.empty());
  EXPECT_THAT(run->missing, testing::IsEmpty());
}

TEST_P(RecordedFormats, TheCertificateSaysWhatItSaid) {
  const Result<Certificate> certificate = read_certificate(file("exploration/certificate.json"));
  ASSERT_TRUE(certificate.ok()) << certificate.error().message;
  EXPECT_TRUE(certificate->complete());
  EXPECT_EQ(certificate->strategy, "inplace");
  EXPECT_EQ(certificate->trials.size(), certificate->boundaries.size());
  for (const ExploredTrial& one : certificate->trials) EXPECT_EQ(one.verdict, Verdict::clean);
}

TEST_P(RecordedFormats, TheSweepIsRead) {
  const Result<RunRecord> sweep = read_run(file("sweep"));
  ASSERT_TRUE(sweep.ok()) << sweep.error().message;
  ASSERT_EQ(sweep->trials.size(), 2U);
  EXPECT_EQ(sweep->trials[0].verdict, Verdict::deadlock);
  EXPECT_EQ(sweep->trials[1].verdict, Verdict::clean);
}

INSTANTIATE_TEST_SUITE_P(Kept, RecordedFormats, testing::ValuesIn(versions()), [](const auto& version) {
  std::string name = version.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace remapstorm
