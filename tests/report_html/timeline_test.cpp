// SPDX-License-Identifier: Apache-2.0
#include "report/html/timeline.h"

#include <gtest/gtest.h>

#include "report/html/timeline_svg.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

TimelinePiece piece(double begin, double end) { return {ms(begin), ms(end), 1, false, 0}; }

TEST(TimelineLane, KeepsAFewSpansAsTheyAre) {
  TimelineLane lane;
  lane.add(piece(5, 6));
  lane.add(piece(1, 2));
  ASSERT_EQ(lane.pieces().size(), 2U);
  EXPECT_EQ(lane.pieces()[0].begin, ms(1));
  EXPECT_FALSE(lane.coarse());
}

TEST(TimelineLane, DrawsNeighboursTogetherWhenItIsFullAndLosesNone) {
  TimelineLane lane;
  constexpr int kSpans = 1'000'000;
  for (int i = 0; i < kSpans; ++i) lane.add(piece(i * 0.01, i * 0.01 + 0.004));
  lane.add(piece(50'000, 50'001));  // far from the others: stays alone
  EXPECT_TRUE(lane.coarse());
  const auto pieces = lane.pieces();
  EXPECT_LE(pieces.size(), TimelineLane::kMostPieces);
  std::uint64_t spans = 0;
  for (const TimelinePiece& one : pieces) spans += one.spans;
  EXPECT_EQ(spans, static_cast<std::uint64_t>(kSpans) + 1);
  EXPECT_EQ(pieces.back().spans, 1U);
  EXPECT_EQ(pieces.front().begin, ms(0));
  // No coarser than it has to be.
  EXPECT_GT(pieces.size(), TimelineLane::kMostPieces / 8);
}

TEST(TimelineLane, OfEvenlySpacedSpansStaysFine) {
  TimelineLane lane;
  for (int i = 0; i < 3000; ++i) lane.add(piece(i * 10, i * 10 + 0.001 * (i % 5)));
  EXPECT_GT(lane.pieces().size(), TimelineLane::kMostPieces / 8);
}

TEST(Timeline, KeepsOnlyWhatTouchesItsRange) {
  Timeline timeline(TimeRange{ms(10), ms(20)}, ms(-7000));
  timeline.add(Span{SpanKind::window, 0, ms(7005), ms(7012), false, 0, 1});  // guest time: 5..12
  timeline.add(Span{SpanKind::window, 0, ms(7021), ms(7022), false, 0, 1});
  timeline.add(Span{SpanKind::hold, 1, ms(1), ms(9), false, 0, 1});  // host time
  timeline.add(TimelineMark{TimelineMark::Kind::irq, ms(15), 0, "irq"});
  timeline.add(TimelineMark{TimelineMark::Kind::irq, ms(25), 0, "irq"});
  ASSERT_EQ(timeline.lanes().size(), 1U);
  EXPECT_EQ(timeline.lanes().begin()->second.spans(), 1U);
  EXPECT_EQ(timeline.marks().size(), 1U);
  ASSERT_NE(timeline.longest(SpanKind::hold), nullptr);
}

TEST(TimelineSvg, IsBoundedAndNamesWhatItShows) {
  Timeline timeline;
  timeline.reach(ms(20'000));
  for (int i = 0; i < 200'000; ++i)
    timeline.add(Span{SpanKind::window, i % 8, ms(i * 0.1), ms(i * 0.1 + 0.05), false, 0, 1});
  for (int i = 0; i < 10'000; ++i) timeline.add(TimelineMark{TimelineMark::Kind::nmi, ms(i), 0, "nmi"});
  EXPECT_EQ(timeline.marks_left_out(), 10'000 - Timeline::kMostMarks);
  for (const Look look : kLooks) {
    const std::string svg = timeline_svg(timeline, timeline.range(), {{ms(5), "ready <&>", false}}, "t", look);
    EXPECT_LT(svg.size(), 2'000'000U);
    EXPECT_NE(svg.find("vCPU 7"), std::string::npos);
    EXPECT_NE(svg.find("ready &lt;&amp;&gt;"), std::string::npos);
  }
}

}  // namespace
}  // namespace remapstorm
