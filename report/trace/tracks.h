// SPDX-License-Identifier: Apache-2.0
// Tracks on which nothing can be drawn that a viewer could misread: every slice ends, and those of one track lie inside
// each other or beside each other.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "report/trace/packet_writer.h"

namespace remapstorm {

// What did not fit into the picture as it was recorded.
struct TraceRepairs {
  std::uint64_t never_ended = 0;  // closed at the end of the recording, or when the context they ran in was over
  std::uint64_t never_begun = 0;  // ends of what had not begun: not drawn
  std::uint64_t split = 0;        // drawn in two pieces, because what lay around it ended first
  std::uint64_t moved = 0;        // times that ran backwards on their track: drawn at the time before
  std::uint64_t not_drawn = 0;    // more at a time than is drawn
};

// What one vCPU did, by nesting: an interrupt's slices lie in those of the task that it interrupted.
class NestedTrack {
 public:
  static constexpr std::size_t kDeepest = 32;

  NestedTrack(PacketWriter& writer, TrackId track, TraceRepairs& repairs)
      : writer_(writer), track_(track), repairs_(repairs) {}

  [[nodiscard]] TrackId id() const { return track_; }
  // A context of `level` (RS_CTX_LEVEL) runs at `now`: what ran above it is over, whether its end was recorded or not.
  void runs_at(unsigned level, Nanoseconds now);
  // `kind` and `key` name the slice to its end.
  void begin(unsigned kind, std::uint64_t key, unsigned level, Nanoseconds now, TraceLabel label);
  // Returns whether there was one.
  bool end(unsigned kind, std::uint64_t key, Nanoseconds now, const std::vector<TraceNote>& notes = {});
  void instant(Nanoseconds now, const TraceLabel& label) { writer_.instant(track_, now, label); }
  // Ends what is open, the recording being over.
  void finish(Nanoseconds now);

 private:
  struct Open {
    unsigned kind = 0;
    std::uint64_t key = 0;
    unsigned level = 0;
    TraceLabel label;
  };
  Nanoseconds in_order(Nanoseconds now);
  void close_innermost(Nanoseconds now, const char* why);

  PacketWriter& writer_;
  TrackId track_;
  TraceRepairs& repairs_;
  std::vector<Open> open_;
  Nanoseconds last_{0};
};

// Slices that are known from begin to end when they are drawn, beside each other: on one row as long as none overlap,
// on more rows of the same name where they do.
class FlatTrack {
 public:
  static constexpr std::size_t kMostRows = 16;

  FlatTrack(PacketWriter& writer, TrackId parent, std::string name, int rank, TraceRepairs& repairs)
      : writer_(writer), parent_(parent), name_(std::move(name)), rank_(rank), repairs_(repairs) {}

  void slice(Nanoseconds from, Nanoseconds to, const TraceLabel& label, const std::vector<TraceNote>& at_end = {});
  void instant(Nanoseconds at, const TraceLabel& label);

 private:
  struct Row {
    TrackId track = 0;
    Nanoseconds end{0};
  };
  Row& row_from(Nanoseconds time);

  PacketWriter& writer_;
  TrackId parent_;
  std::string name_;
  int rank_;
  TraceRepairs& repairs_;
  std::vector<Row> rows_;
};

}  // namespace remapstorm
