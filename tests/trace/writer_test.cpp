// SPDX-License-Identifier: Apache-2.0
// The wire format and the packets, apart from any trial.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/trace/packet_writer.h"
#include "report/trace/protobuf.h"
#include "report/trace/tracks.h"
#include "tests/trace/decoded_trace.h"

namespace remapstorm {
namespace {

using testing::IsEmpty;
using namespace std::string_literals;

TEST(Protobuf, BytesOfTheEncodingGuide) {
  ProtoMessage message;
  message.varint(1, 150);
  message.text(2, "testing");
  EXPECT_EQ(message.bytes(), "\x08\x96\x01\x12\x07testing"s);
  ProtoMessage outer;
  outer.message(3, message);
  EXPECT_EQ(outer.bytes(), "\x1a\x0c"s + message.bytes());
}

TEST(Protobuf, EdgesOfNumbers) {
  ProtoMessage message;
  message.varint(1, 0);
  message.varint(1, 127);
  message.varint(1, 128);
  message.varint(60, UINT64_MAX);
  message.fixed64(47, 0x0102030405060708);
  EXPECT_EQ(message.bytes(), "\x08\x00\x08\x7f\x08\x80\x01"s + "\xe0\x03" + std::string(9, '\xff') + "\x01" +
                                 "\xf9\x02\x08\x07\x06\x05\x04\x03\x02\x01");
}

TEST(Clipped, EndsBetweenLetters) {
  EXPECT_EQ(clipped("short", 5), "short");
  EXPECT_EQ(clipped("too long", 6), "too...");
  EXPECT_EQ(clipped("\xc3\xa4\xc3\xa4\xc3\xa4", 6), "\xc3\xa4\xc3\xa4\xc3\xa4");
  EXPECT_EQ(clipped("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 6), "\xc3\xa4...");
  EXPECT_EQ(clipped("abcdef", 2), "...");
}

class Written {
 public:
  std::string bytes;
  PacketWriter writer{[this](std::string_view more) -> Status {
    bytes += more;
    return {};
  }};
  DecodedTrace decoded() {
    EXPECT_TRUE(writer.finish().ok());
    DecodedTrace trace = decode_trace(bytes);
    EXPECT_THAT(trace.problems, IsEmpty());
    return trace;
  }
};

TEST(PacketWriter, LongAndManyNamesStayBounded) {
  Written written;
  const TrackId process = written.writer.process(1, "guest");
  constexpr std::size_t kMany = PacketWriter::kMaxNames + 50;
  for (std::size_t i = 0; i < kMany; ++i) {
    written.writer.instant(process, Nanoseconds(static_cast<std::int64_t>(i)), {"c", "name " + std::to_string(i), {}});
  }
  written.writer.instant(process, Nanoseconds(5), {"c", std::string(1 << 20, 'x'), {{"n", std::string(1 << 20, 'y')}}});
  const DecodedTrace trace = written.decoded();
  EXPECT_EQ(trace.instants.size(), kMany + 1);
  EXPECT_EQ(trace.instant("name " + std::to_string(kMany - 1)).from, kMany - 1);
  EXPECT_LT(written.bytes.size(), 64 * kMany + 16384);
}

TEST(NestedTrack, TimesThatRunBackwardsAreDrawnAtTheTimeBefore) {
  Written written;
  TraceRepairs repairs;
  NestedTrack track(written.writer, written.writer.process(1, "guest"), repairs);
  track.begin(0, 1, 0, Nanoseconds(100), {"c", "outer", {}});
  track.begin(0, 2, 0, Nanoseconds(50), {"c", "inner", {}});
  EXPECT_TRUE(track.end(0, 2, Nanoseconds(40)));
  EXPECT_FALSE(track.end(0, 2, Nanoseconds(40)));
  track.finish(Nanoseconds(30));
  const DecodedTrace trace = written.decoded();
  EXPECT_EQ(trace.slice("inner").from, 100U);
  EXPECT_EQ(trace.slice("inner").to, 100U);
  EXPECT_EQ(trace.slice("outer").to, 100U);
  EXPECT_EQ(repairs.moved, 2U);
  EXPECT_EQ(repairs.never_ended, 1U);
}

TEST(NestedTrack, ABottomlessNestIsCounted) {
  Written written;
  TraceRepairs repairs;
  NestedTrack track(written.writer, written.writer.process(1, "guest"), repairs);
  for (unsigned i = 0; i < 100; ++i) track.begin(0, i, 0, Nanoseconds(i), {"c", "x", {}});
  track.finish(Nanoseconds(100));
  EXPECT_EQ(written.decoded().slices.size(), NestedTrack::kDeepest);
  EXPECT_EQ(repairs.not_drawn, 100 - NestedTrack::kDeepest);
}

TEST(FlatTrack, MoreThanItsRowsShareTheFirstThatIsFree) {
  Written written;
  TraceRepairs repairs;
  FlatTrack track(written.writer, written.writer.process(1, "guest"), "row", 0, repairs);
  for (int i = 0; i < 40; ++i) track.slice(Nanoseconds(i), Nanoseconds(1000 + i), {"c", "x", {}});
  const DecodedTrace trace = written.decoded();
  EXPECT_EQ(trace.slices.size(), 40U);
  EXPECT_EQ(trace.tracks.size(), 1 + FlatTrack::kMostRows);
  EXPECT_EQ(repairs.moved, 40 - FlatTrack::kMostRows);
}

}  // namespace
}  // namespace remapstorm
