// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/lost_update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telemetry/judge.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kWord = 0xffffea0000028028;

Stream& write(Stream& stream, int vcpu, std::uint64_t bit = RS_WRITTEN_BIT, std::uint64_t word = kWord) {
  return stream.probe(vcpu, RS_PROBE_INJECT_WRITE, kIrq, {RS_KIND_MSI, 1, word, bit});
}
Stream& look(Stream& stream, int vcpu, std::uint64_t value, std::uint64_t word = kWord) {
  return stream.probe(vcpu, RS_PROBE_INJECT_READ, RS_CTX_TASK, {RS_KIND_CALL, 2, word, value});
}
constexpr std::uint64_t kSet = 1ULL << RS_WRITTEN_BIT;

TEST(LostUpdate, ABitThatIsGoneIsFoundWithWhoWroteIt) {
  Stream stream;
  stream.begin();
  write(stream, 1);
  look(stream, 0, 0x18);
  stream.done();
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::lost_update);
  ASSERT_EQ(judgement.findings.size(), 1U);
  const Finding& finding = judgement.findings[0];
  EXPECT_THAT(finding.summary, HasSubstr("bit 40 of the word at 0xffffea0000028028, set by vCPU 1 in hardirq context"));
  EXPECT_THAT(finding.detail[0], HasSubstr("vCPU 0 looked and found 0x0000000000000018"));
  EXPECT_LT(finding.seen_at, finding.proven_at);
}

TEST(LostUpdate, ABitThatIsThereIsClean) {
  Stream stream;
  stream.begin();
  write(stream, 1);
  look(stream, 0, kSet | 0x18);
  stream.done();
  EXPECT_EQ(judge(stream.events).verdict, Verdict::clean);
}

TEST(LostUpdate, ALookElsewhereOrBeforeProvesNothing) {
  LostUpdateDetector detector;
  Stream stream;
  look(stream, 0, 0);
  write(stream, 1);
  look(stream, 0, 0, kWord + 8);
  for (const Event& event : stream.events) detector.fold(event);
  EXPECT_THAT(detector.findings(), IsEmpty());
  EXPECT_THAT(detector.missing(), ElementsAre(HasSubstr("nobody looked what became of the write")));
}

TEST(LostUpdate, AWriteThatNobodyLookedForIsNotClean) {
  Stream stream;
  stream.begin();
  write(stream, 1);
  stream.done();
  EXPECT_EQ(judge(stream.events).verdict, Verdict::error);
}

TEST(LostUpdate, ALookForWhatWasNeverWrittenIsNotClean) {
  Stream stream;
  stream.begin();
  look(stream, 0, 0, 0);
  stream.done();
  EXPECT_EQ(judge(stream.events).verdict, Verdict::error);
}

// The page may be somebody else's by then.
TEST(LostUpdate, AWriteIsLookedForOnce) {
  Stream stream;
  stream.begin();
  write(stream, 1);
  look(stream, 0, kSet);
  look(stream, 0, 0);
  stream.done();
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::error);
  EXPECT_THAT(judgement.findings, IsEmpty());
}

TEST(LostUpdate, AWriteOverAnotherHidesWhatBecameOfIt) {
  Stream stream;
  stream.begin();
  write(stream, 1);
  write(stream, 1);
  look(stream, 0, kSet);
  stream.done();
  EXPECT_EQ(judge(stream.events).verdict, Verdict::error);
}

TEST(LostUpdate, EachWriteAndItsLookCount) {
  Stream stream;
  stream.begin();
  write(stream, 1);
  look(stream, 0, kSet);
  write(stream, 1);
  look(stream, 0, 0);
  stream.done();
  const Judgement judgement = judge(stream.events);
  EXPECT_EQ(judgement.verdict, Verdict::lost_update);
  EXPECT_EQ(judgement.findings.size(), 1U);
}

TEST(LostUpdate, BitsOutsideTheWordAndWritesWithoutEndDoNoHarm) {
  LostUpdateDetector detector;
  Stream stream;
  write(stream, 1, 64);
  write(stream, 1, ~0ULL);
  look(stream, 0, 0);
  for (const Event& event : stream.events) detector.fold(event);
  EXPECT_THAT(detector.findings(), IsEmpty());
  EXPECT_THAT(detector.missing(), IsEmpty());
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    Stream more;
    write(more, 1, RS_WRITTEN_BIT, kWord + 8 * i);
    look(more, 0, 0, kWord + 8 * i);
    for (const Event& event : more.events) detector.fold(event);
  }
  EXPECT_EQ(detector.findings().size(), 8U);
}

}  // namespace
}  // namespace remapstorm
