// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "telemetry/judge.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

// A fault, the window and the lock around it are as long but for a few milliseconds, by chance: two trials of the same
// stall are to have one name.
TEST(Stalls, OfAsLongWaitsTheLockIsToldFirst) {
  for (const double sooner : {0.0, 5.0}) {
    Stream stream;
    stream.begin().fault(1, RS_CTX_TASK).pass(sooner).open(0).pass(150).close(0).recover(1, RS_CTX_TASK).done();
    const Judgement judgement = judge(stream.events);
    ASSERT_EQ(judgement.verdict, Verdict::stall) << judgement.reasons.front();
    ASSERT_GE(judgement.findings.size(), 2U);
    EXPECT_EQ(judgement.findings[0].kind, FindingKind::lock_held) << sooner;
  }
  Stream longer;
  longer.begin().fault(1, RS_CTX_TASK).pass(50).open(0).pass(150).close(0).recover(1, RS_CTX_TASK).done();
  EXPECT_EQ(judge(longer.events).findings.front().kind, FindingKind::fault);
}

// A guest may tell a window of 36 years: nine times that is no number, and a short wait is not as long.
TEST(Stalls, OneAsLongAsAGuestCanTellIsStillTheLongest) {
  constexpr std::uint64_t kEnd = std::uint64_t{1} << 60;
  Stream stream;
  stream.begin().open(0).pass(150).close(0);
  stream.probe(0, RS_PROBE_BBM_WINDOW, RS_CTX_TASK, {kEntry, 0, kEnd, 0}).done();
  stream.events[stream.events.size() - 3].guest_time = Nanoseconds(static_cast<std::int64_t>(kEnd));
  const Judgement judgement = judge(stream.events);
  ASSERT_EQ(judgement.verdict, Verdict::stall) << judgement.reasons.front();
  EXPECT_EQ(judgement.findings.front().kind, FindingKind::window);
  EXPECT_GT(judgement.findings.front().length, Nanoseconds(std::int64_t{1} << 59));
}

// On a busy host it is told late that a hold has begun: it is as long as it was measured.
TEST(Stalls, AHoldThatIsToldLateIsImposedAsAWhole) {
  Stream stream;
  stream.begin().open(0).fault(1, RS_CTX_TASK).pass(30).fire("hold", 1, 0, ms(120)).pass(90);
  stream.ended("hold", 1, 0, ms(120), ms(120)).close(0).recover(1, RS_CTX_TASK).done();
  const Judgement judgement = judge(stream.events);
  ASSERT_EQ(judgement.verdict, Verdict::stall) << judgement.reasons.front();
  EXPECT_NEAR(static_cast<double>(judgement.findings.front().imposed.count()), 120e6, 1e5);
}

}  // namespace
}  // namespace remapstorm
